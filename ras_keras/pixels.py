"""Statistics of pixels, 0 to 255."""

import warnings

import numpy as np

# Of CIFAR-10's training images. The papers normalize all their data sets with them.
CIFAR10_MEAN = tuple(255 * mean for mean in (0.4914, 0.4822, 0.4465))
CIFAR10_VARIANCE = tuple((255 * deviation) ** 2 for deviation in (0.2023, 0.1994, 0.2010))

# Of ImageNet's training images.
IMAGENET_MEAN = tuple(255 * mean for mean in (0.485, 0.456, 0.406))
IMAGENET_VARIANCE = tuple((255 * deviation) ** 2 for deviation in (0.229, 0.224, 0.225))


def in_pixel_units(images: np.ndarray) -> np.ndarray:
    """The images as they are, after a warning if they are floats that seem to be in 0..1."""
    values = np.asarray(images)
    if np.issubdtype(values.dtype, np.floating) and 0 < values.max(initial=0) <= 1:
        warnings.warn(
            f"these images are floats of at most {values.max():g}, and the network takes pixels in "
            "0..255; multiply images in 0..1 by 255.",
            stacklevel=3,
        )
    return images
