"""Few and small embedded digits, for tests that train."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from ras_keras.data import registry
from ras_keras.data.digits import load_digits
from ras_keras.data.image_dataset import Images

TRAINING_IMAGES, TEST_IMAGES = 160, 40


@contextlib.contextmanager
def few_digits(
    pixels: int = 8,
    training_images: int = TRAINING_IMAGES,
    test_images: int = TEST_IMAGES,
    noise: int = 0,
) -> Iterator[None]:
    """Puts so many, 8, 16 or 32 pixels wide, in the place of all for a while.

    With `noise` up to so many levels are added to each pixel, and no background is even.
    """
    every = 32 // pixels
    digits = load_digits()
    random = np.random.default_rng(0)

    def first(images, count):
        found = images.images[:count, ::every, ::every]
        added = random.integers(0, noise, found.shape, endpoint=True)
        return Images(np.minimum(found + added, 255).astype("uint8"), images.labels[:count])

    few = replace(
        digits,
        train=first(digits.train, training_images),
        test=first(digits.test, test_images),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "load_digits", lambda: few)
        yield
