"""Corruptions that spread a pixel over its neighbours."""

import numpy as np

DEFOCUS_RADIUS = 1.2
GLASS_ROUNDS = 2
MOTION_LENGTH = 5
MOTION_ANGLES = 8
ZOOMS = np.arange(1, 1.16, 0.03)
# Points by which a kernel's pixel is covered, in each direction.
SAMPLES = 9


def defocus_blur(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The mean over a disk with a radius of 1.2 pixels."""
    side = 2 * int(np.ceil(DEFOCUS_RADIUS)) + 1
    points = (np.arange(side * SAMPLES) + 0.5) / SAMPLES - side / 2
    inside = points[:, None] ** 2 + points**2 <= DEFOCUS_RADIUS**2
    return _convolved(images, inside.reshape(side, SAMPLES, side, SAMPLES).mean((1, 3)))


def glass_blur(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Every pixel becomes one of its neighbours or stays, twice, then the mean with the image."""
    count, height, width, _ = images.shape
    rows, columns = np.arange(height)[:, None], np.arange(width)
    found = images
    for _ in range(GLASS_ROUNDS):
        down, right = rng.integers(-1, 2, (2, count, height, width))
        from_row = np.clip(rows + down, 0, height - 1)
        from_column = np.clip(columns + right, 0, width - 1)
        found = found[np.arange(count)[:, None, None], from_row, from_column]
    return (found + images) / 2


def motion_blur(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The mean along a line of 5 pixels, at one of 8 angles for each image."""
    angles = rng.integers(MOTION_ANGLES, size=len(images))
    found = np.empty_like(images)
    for angle in range(MOTION_ANGLES):
        kernel = _line(np.pi * angle / MOTION_ANGLES)
        found[angles == angle] = _convolved(images[angles == angle], kernel)
    return found


def zoom_blur(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The mean of the image at zooms of 1.00, 1.03, ... 1.15 about its middle."""
    from scipy import ndimage

    _, height, width, _ = images.shape
    found = np.zeros_like(images)
    for zoom in ZOOMS:
        scale = np.array([1, 1 / zoom, 1 / zoom, 1])
        middle = np.array([0, (height - 1) / 2, (width - 1) / 2, 0])
        found += ndimage.affine_transform(
            images, scale, middle - scale * middle, order=1, mode="nearest"
        )
    return found / len(ZOOMS)


def _convolved(images, kernel):
    from scipy import ndimage

    weights = (kernel / kernel.sum())[None, :, :, None].astype("float32")
    return ndimage.convolve(images, weights, mode="nearest")


def _line(angle):
    """A line through the middle of a square kernel, each of its points shared by four pixels."""
    side = MOTION_LENGTH + 2
    kernel = np.zeros((side, side))
    for step in np.linspace(-(MOTION_LENGTH - 1) / 2, (MOTION_LENGTH - 1) / 2, 4 * MOTION_LENGTH):
        row, column = side // 2 + step * np.sin(angle), side // 2 + step * np.cos(angle)
        top, left = int(np.floor(row)), int(np.floor(column))
        down, right = row - top, column - left
        square = np.outer((1 - down, down), (1 - right, right))
        kernel[top : top + 2, left : left + 2] += square
    return kernel
