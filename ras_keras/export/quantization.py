"""What int8 is calibrated by."""

import numpy as np

from ras_keras.data import Images
from ras_keras.data.image_dataset import equally_spaced
from ras_keras.errors import Argument, UserError


def calibration_images(images: Images, count: int) -> np.ndarray:
    """`count` of the training images, at equal distances: uint8 (count, H, W, channels).

    Raises:
        UserError: if there are fewer.
    """
    if not 1 <= count <= len(images):
        raise UserError(
            Argument("calibration_images", count),
            f" is not between 1 and the {len(images):,} training images; choose another number.",
        )
    return images.images[equally_spaced(len(images), count)]
