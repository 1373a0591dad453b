"""Fifteen simple corruptions of images, after the kinds of CIFAR-10-C, each at one strength.

They are not CIFAR-10-C: the kinds are those of Hendrycks and Dietterich (arXiv 1903.12261), the
formulas and the strengths, for images of 32x32 pixels, are those in this room.
"""

from collections.abc import Callable

import numpy as np

from ras_keras.benchmark.corruptions import blur, digital, noise, weather

# From float32 (N, H, W, C) in 0..1 and a generator to the same shape.
Corruption = Callable[[np.ndarray, np.random.Generator], np.ndarray]

CORRUPTIONS: dict[str, Corruption] = {
    "gaussian_noise": noise.gaussian_noise,
    "shot_noise": noise.shot_noise,
    "impulse_noise": noise.impulse_noise,
    "defocus_blur": blur.defocus_blur,
    "glass_blur": blur.glass_blur,
    "motion_blur": blur.motion_blur,
    "zoom_blur": blur.zoom_blur,
    "snow": weather.snow,
    "frost": weather.frost,
    "fog": weather.fog,
    "brightness": weather.brightness,
    "contrast": digital.contrast,
    "elastic_transform": digital.elastic_transform,
    "pixelate": digital.pixelate,
    "jpeg_compression": digital.jpeg_compression,
}


def corrupted(images: np.ndarray, name: str, seed: int = 0, first: int = 0) -> np.ndarray:
    """Images with a corruption; what it draws depends on the seed, its name and the place alone.

    Args:
        images: uint8 (N, H, W, C).
        name: a key of `CORRUPTIONS`.
        seed: of what is drawn.
        first: place of the first image in its data set.

    Returns:
        uint8 (N, H, W, C).
    """
    rng = np.random.default_rng((seed, first, *name.encode()))
    found = CORRUPTIONS[name](images.astype("float32") / 255, rng)
    return np.rint(np.clip(found, 0, 1) * 255).astype("uint8")
