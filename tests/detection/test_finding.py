"""Boxes on the canvas become boxes of the image."""

import keras
import numpy as np
import pytest
from keras import ops
from PIL import Image

from ras_keras.detection.data.annotations import AnnotatedImages
from ras_keras.detection.finding import find, find_in

# On a canvas of 64x64: one box, one that reaches below, one beside, and an empty place.
ON_CANVAS = [[8, 16, 24, 32], [40, 20, 64, 64], [0, 50, 60, 62], [0, 0, 0, 0]]
SCORES, CLASSES = [0.9, 0.8, 0.7, 0.0], [1, 0, 1, -1]


@pytest.fixture(scope="module")
def network():
    """Finds the same in every image."""

    class Same(keras.layers.Layer):
        def call(self, images):
            count = ops.shape(images)[0]
            return {
                "boxes": ops.tile(ops.array([ON_CANVAS], "float32"), (count, 1, 1)),
                "scores": ops.tile(ops.array([SCORES], "float32"), (count, 1)),
                "classes": ops.tile(ops.array([CLASSES], "int32"), (count, 1)),
            }

    images = keras.Input((64, 64, 3))
    return keras.Model(images, Same()(images))


def assert_found(found, height, width, scale):
    """The first box by its place, the second one cut off at the image's end, no other one."""
    np.testing.assert_allclose(found.boxes[0], np.array(ON_CANVAS[0]) * scale)
    np.testing.assert_allclose(found.boxes[1], [40 * scale, 20 * scale, width, height])
    np.testing.assert_allclose(found.scores, SCORES[:2])
    assert found.classes.tolist() == CLASSES[:2]


@pytest.mark.parametrize("scale", [0.5, 1, 2.5])
def test_an_image_that_is_wider_than_high(network, scale):
    """It takes the upper 40 of the canvas's 64 rows."""
    height, width = int(40 * scale), int(64 * scale)
    pixels = np.full((height, width, 3), 255, "uint8")
    assert_found(find_in(network, pixels), height, width, scale)


def test_images_of_files(network, tmp_path):
    """Each in its own pixels, also in a last batch that is not full."""
    scales, paths = (0.5, 1, 2.5), []
    sizes = [(int(40 * scale), int(64 * scale)) for scale in scales]
    for number, size in enumerate(sizes):
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(np.zeros((*size, 3), "uint8")).save(paths[-1])
    nothing = (np.empty((0, 4), "float32"), *[np.empty(0, "int32")] * 3)
    boxes, labels, crowd, areas = ((each,) * 3 for each in nothing)
    images = AnnotatedImages(
        *(tuple(paths), np.array(sizes, "int32"), boxes, labels, crowd, areas),
        *((0, 1, 2), ("a", "b")),
    )
    found = find(network, images, 2)
    assert len(found) == 3
    for each, size, scale in zip(found, sizes, scales, strict=True):
        assert_found(each, *size, scale)
