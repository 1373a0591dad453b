"""Corruptions by noise, of every pixel and channel by itself."""

import numpy as np

GAUSSIAN_DEVIATION = 0.08
SHOT_PHOTONS = 60
IMPULSE_SHARE = 0.05


def gaussian_noise(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Adds normal noise of standard deviation 0.08."""
    return images + rng.normal(0, GAUSSIAN_DEVIATION, images.shape).astype("float32")


def shot_noise(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draws each value from a Poisson distribution, white being 60 photons."""
    return rng.poisson(images * SHOT_PHOTONS).astype("float32") / SHOT_PHOTONS


def impulse_noise(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Makes 5 % of the values black or white."""
    struck = rng.random(images.shape) < IMPULSE_SHARE
    return np.where(struck, rng.integers(0, 2, images.shape), images).astype("float32")
