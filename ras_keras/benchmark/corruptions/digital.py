"""Corruptions as by a camera's or a program's processing."""

import io

import numpy as np

CONTRAST = 0.4
ELASTIC_PIXELS = 1.2
ELASTIC_SMOOTHNESS = 3
PIXELATE_SHARE = 0.6
JPEG_QUALITY = 25


def contrast(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Brings values closer to the mean of their channel: 40 % of the distance stays."""
    mean = images.mean(axis=(1, 2), keepdims=True)
    return mean + CONTRAST * (images - mean)


def elastic_transform(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Moves pixels by up to 1.2 pixels, neighbours alike: noise smoothed over 3 pixels."""
    from scipy import ndimage

    count, height, width, channels = images.shape
    shifts = rng.uniform(-1, 1, (2, count, height, width))
    shifts = ndimage.gaussian_filter(shifts, (0, 0, ELASTIC_SMOOTHNESS, ELASTIC_SMOOTHNESS))
    shifts *= ELASTIC_PIXELS / np.abs(shifts).max(axis=(0, 2, 3), keepdims=True)
    place, row, column, channel = np.meshgrid(
        *map(np.arange, (count, height, width, channels)), indexing="ij", sparse=True
    )
    down, right = shifts[..., None]
    shape = np.broadcast_shapes(down.shape, images.shape)
    places = [np.broadcast_to(each, shape) for each in (place, row + down, column + right, channel)]
    return ndimage.map_coordinates(images, places, order=1, mode="nearest")


def pixelate(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Larger pixels: 60 % of their number in each direction, each a box filter's mean."""
    from PIL import Image

    _, height, width, _ = images.shape
    smaller = (max(1, round(PIXELATE_SHARE * width)), max(1, round(PIXELATE_SHARE * height)))

    def larger_pixels(image):
        return image.resize(smaller, Image.Resampling.BOX).resize(
            (width, height), Image.Resampling.NEAREST
        )

    return _by_pillow(images, larger_pixels)


def jpeg_compression(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Writes a JPEG of quality 25 and reads it."""
    from PIL import Image

    def compressed(image):
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=JPEG_QUALITY)
        return Image.open(stream)

    return _by_pillow(images, compressed)


def _by_pillow(images, change):
    """Changes each image as Pillow's; one of a single channel is gray."""
    from PIL import Image

    pixels = np.rint(images * 255).astype("uint8")
    gray = pixels.shape[-1] == 1
    found = [
        np.asarray(change(Image.fromarray(image[..., 0] if gray else image))) for image in pixels
    ]
    return np.reshape(found, images.shape).astype("float32") / 255
