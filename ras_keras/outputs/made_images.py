"""Images that are made: to try what a model returns, not to measure it."""

from collections.abc import Sequence

import numpy as np

# Height and width where a model takes any, in pixels.
ANY_SIZE = 32


def made_images(image_shape: Sequence[int | None], count: int = 8) -> np.ndarray:
    """Black, white and noise, the same ones each time: uint8 (count, H, W, channels).

    Args:
        image_shape: (H, W, channels); H and W are None where any size fits.
        count: of images.
    """
    shape = [size or ANY_SIZE for size in image_shape]
    images = np.random.default_rng(0).integers(0, 256, (count, *shape), "uint8")
    images[0] = 0
    images[1:2] = 255
    return images
