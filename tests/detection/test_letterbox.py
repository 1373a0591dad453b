"""Boxes stay on their objects when images are brought onto a canvas and mirrored."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ras_keras.detection.data.letterbox import (
    boxes_in_image,
    boxes_on_canvas,
    fitted_size,
    letterboxed,
    mirrored_boxes,
)

SIDES = st.integers(8, 90)


def found_box(pixels):
    """The box around all that is lighter than half."""
    rows, columns = np.nonzero(pixels[..., 0] > 127)
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])


@settings(max_examples=60, deadline=None)
@given(st.data(), SIDES, SIDES, SIDES, SIDES, st.booleans())
def test_a_painted_rectangle_is_where_its_box_says(data, height, width, rows, columns, mirror):
    left, right = sorted(data.draw(st.tuples(*[st.integers(0, width)] * 2)))
    top, bottom = sorted(data.draw(st.tuples(*[st.integers(0, height)] * 2)))
    canvas, size = (rows, columns), (height, width)
    inside = fitted_size(size, canvas)
    # What is much smaller than a pixel of the canvas leaves no trace there.
    assume((right - left) * inside[1] >= 3 * width and (bottom - top) * inside[0] >= 3 * height)
    image = np.zeros((height, width, 3), "uint8")
    image[top:bottom, left:right] = 255
    pixels = letterboxed(image, canvas, mirror).numpy()
    assert pixels.shape == (rows, columns, 3) and pixels.dtype == np.uint8
    boxes = boxes_on_canvas([[left, top, right, bottom]], size, canvas)
    if mirror:
        boxes = mirrored_boxes(boxes, np.float32(inside[1])).numpy()
    # Half a pixel is rounding, the rest what `letterboxed` says of large images.
    np.testing.assert_allclose(found_box(pixels), boxes[0], atol=1.5)
    assert not pixels[inside[0] :].any() and not pixels[:, inside[1] :].any()


@settings(max_examples=200, deadline=None)
@given(st.tuples(SIDES, SIDES), st.tuples(SIDES, SIDES))
def test_an_image_fits_with_one_side_and_its_box_with_it(size, canvas):
    fitted = fitted_size(size, canvas)
    assert (fitted <= canvas).all() and (fitted == canvas).any() and (fitted >= 1).all()
    scale = min(canvas[0] / size[0], canvas[1] / size[1])
    np.testing.assert_allclose(fitted, np.array(size) * scale, atol=0.51)
    whole = np.array([[0, 0, size[1], size[0]], [1, 2, 3, 5]], "float32")
    boxes = boxes_on_canvas(whole, size, canvas)
    assert boxes.dtype == np.float32
    np.testing.assert_allclose(boxes[0], [0, 0, fitted[1], fitted[0]], rtol=1e-6)
    np.testing.assert_allclose(boxes_in_image(boxes, size, canvas), whole, rtol=1e-5)


@pytest.mark.parametrize(
    ("size", "fitted"),
    [
        ((480, 640), (192, 256)),
        ((640, 480), (256, 192)),
        ((3, 9000), (1, 256)),
        ((1, 1), (256, 256)),
    ],
)
def test_sizes(size, fitted):
    np.testing.assert_array_equal(fitted_size(size, (256, 256)), fitted)
    np.testing.assert_array_equal(fitted_size([size, size], (256, 256)), [fitted, fitted])


def test_mirroring_twice_changes_nothing_and_no_boxes_are_none():
    boxes = np.array([[1, 2, 5, 9], [0, 0, 7, 7]], "float32")
    once = mirrored_boxes(boxes, 10.0)
    np.testing.assert_array_equal(once, [[5, 2, 9, 9], [3, 0, 10, 7]])
    np.testing.assert_array_equal(mirrored_boxes(once, 10.0), boxes)
    none = np.zeros((0, 4), "float32")
    assert mirrored_boxes(boxes_on_canvas(none, (9, 9), (5, 5)), 5.0).shape == (0, 4)
