import warnings

import numpy as np
import pytest

from ras_keras.pixels import in_pixel_units


@pytest.mark.parametrize(
    ("images", "warned"),
    [
        (np.float32([[0.0, 1.0]]), True),
        (np.float64([[0.5]]), True),
        (np.float32([[0.0, 0.0]]), False),
        (np.float32([[0.0, 255.0]]), False),
        (np.uint8([[0, 1]]), False),
        (np.zeros((0, 3), "float32"), False),
    ],
)
def test_floats_in_0_to_1_are_warned_of(images, warned):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert in_pixel_units(images) is images
    assert [str(each.message).endswith("by 255.") for each in seen] == [True] * warned
