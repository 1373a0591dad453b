"""Corruptions as by weather and light."""

import numpy as np

SNOW_SHARE = 0.04
SNOW_WHITE = 0.85
SNOW_GRAY = 0.3
FROST_SHARE = 0.55
FOG_SHARE = 0.55
FOG_ROUGHNESS = 2.0
BRIGHTER = 0.25


def snow(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Flakes of two pixels, aslant, on 4 % of the places; the scene goes 30 % towards gray."""
    gray = images.mean(axis=-1, keepdims=True)
    scene = (1 - SNOW_GRAY) * images + SNOW_GRAY * np.maximum(images, 0.5 * gray + 0.5)
    flakes = (rng.random(images.shape[:3]) < SNOW_SHARE).astype("float32")
    fallen = np.maximum(flakes, 0.7 * np.roll(flakes, (1, 1), axis=(1, 2)))[..., None]
    return scene + fallen * (SNOW_WHITE - scene) * (scene < SNOW_WHITE)


def frost(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Crystals: ridges of smooth noise, which let 45 % of the light behind them through."""
    noise = _plasma(images.shape, rng, 1.5)
    ridges = np.clip(1 - 3 * np.abs(noise - 0.5), 0, 1) ** 2
    return images + FROST_SHARE * ridges * (0.9 - images)


def fog(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A cloud of smooth noise, up to 55 % of the light, and less contrast behind it."""
    cloud = FOG_SHARE * _plasma(images.shape, rng, FOG_ROUGHNESS)
    brightest = images.max(axis=(1, 2, 3), keepdims=True)
    return (images + cloud) * brightest / np.maximum(brightest + FOG_SHARE, 1e-3)


def brightness(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Adds 0.25 to the value of the colour: its largest channel, the others in proportion."""
    value = images.max(axis=-1, keepdims=True)
    brighter = np.minimum(value + BRIGHTER, 1)
    return np.where(value > 0, images * brighter / np.maximum(value, 1e-6), brighter)


def _plasma(shape, rng, roughness):
    """Noise (N, H, W, 1) in 0..1 whose amplitude falls with its frequency to this power."""
    count, height, width, _ = shape
    down = np.fft.fftfreq(height)[:, None] * height
    right = np.fft.rfftfreq(width) * width
    frequency = np.maximum(np.hypot(down, right), 1)
    size = (count, *frequency.shape)
    waves = (rng.normal(size=size) + 1j * rng.normal(size=size)) / frequency**roughness
    noise = np.fft.irfft2(waves, s=(height, width))
    low, high = (each(noise, axis=(1, 2), keepdims=True) for each in (np.min, np.max))
    return ((noise - low) / (high - low))[..., None].astype("float32")
