"""Data sets live in memory; this says beforehand when one does not fit."""

import numpy as np
import psutil

from ras_keras.errors import Argument, UserError


def allocate_images(count: int, size: tuple[int, int]) -> np.ndarray:
    """An empty uint8 array for `count` RGB images of `size` (height, width) pixels."""
    needed = count * size[0] * size[1] * 3
    installed = psutil.virtual_memory().total
    # Splitting them and handing them to TensorFlow each take a copy for a while.
    if 3 * needed > installed:
        raise UserError(
            f"{count:,} images of {size[0]}x{size[1]} pixels take {needed / 1e9:.1f} GB, and three "
            f"times that for a while; this machine has {installed / 1e9:.1f} GB. Choose a smaller ",
            Argument("image_size"),
            ".",
        )
    return np.empty((count, *size, 3), "uint8")
