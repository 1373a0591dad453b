"""Images and boxes brought onto a canvas: resized to fit, at its top left, black beside."""

from types import ModuleType

import numpy as np
import tensorflow as tf

from ras_keras.data.augmentation.resizing import resized


def fitted_size(size, canvas: tuple[int, int]) -> np.ndarray:
    """The size of images on a canvas: scaled by min(H / h, W / w) and rounded, at least 1.

    Args:
        size: (..., 2): height h and width w in pixels.
        canvas: height H and width W in pixels.

    Returns:
        int64, (..., 2): height and width; one of them is the canvas's.
    """
    size = np.asarray(size, "int64")
    return np.stack(_fitted(size[..., 0], size[..., 1], canvas, np), axis=-1)


def boxes_on_canvas(boxes, size, canvas: tuple[int, int]) -> np.ndarray:
    """Boxes in an image's own pixels to those in the canvas's.

    Args:
        boxes: (m, 4): left, top, right, bottom.
        size: height and width of the image.
        canvas: height and width.

    Returns:
        float32, (m, 4).
    """
    return (np.asarray(boxes, "float64") * _scales(size, canvas)).astype("float32")


def boxes_in_image(boxes, size, canvas: tuple[int, int]) -> np.ndarray:
    """The inverse of `boxes_on_canvas`; what lies on the black stays outside of the image."""
    return (np.asarray(boxes, "float64") / _scales(size, canvas)).astype("float32")


def mirrored_boxes(boxes, width):
    """Boxes after their image is mirrored, left for right; in a graph.

    Args:
        boxes: float32, (m, 4): left, top, right, bottom.
        width: of the image, float32 scalar; on a canvas the black beside it is not part of it.

    Returns:
        float32, (m, 4).
    """
    left, top, right, bottom = tf.unstack(boxes, axis=-1)
    return tf.stack([width - right, top, width - left, bottom], axis=-1)


def letterboxed(image, canvas: tuple[int, int], mirror=False):
    """An image on a canvas; in a graph.

    Of one that is at least twice as large as there, `resized` leaves out the last rows and columns
    that fill no square: near its right and bottom edge objects stand up to a pixel beyond their
    boxes.

    Args:
        image: uint8, (h, w, 3).
        canvas: height H and width W.
        mirror: bool, scalar: whether it is mirrored, within its own width.

    Returns:
        uint8, (H, W, 3): black at the right or at the bottom.
    """
    found = tf.cast(tf.shape(image), tf.int64)
    height, width = (tf.cast(side, tf.int32) for side in _fitted(found[0], found[1], canvas, tf))
    image = resized(image, height, width)
    image = tf.cond(tf.convert_to_tensor(mirror), lambda: image[:, ::-1], lambda: image)
    black = [(0, canvas[0] - height), (0, canvas[1] - width), (0, 0)]
    return tf.ensure_shape(tf.pad(image, black), (*canvas, 3))


def _fitted(height, width, canvas, module: ModuleType):
    """Height and width on the canvas: integers of NumPy or TensorFlow, so that both are equal.

    Where the height decides, h * W / w is at least H, and W is the smaller one otherwise.
    """

    def scaled(side, other, to, most):
        return module.maximum(module.minimum((2 * side * to + other) // (2 * other), most), 1)

    return (
        scaled(height, width, canvas[1], canvas[0]),
        scaled(width, height, canvas[0], canvas[1]),
    )


def _scales(size, canvas) -> np.ndarray:
    """What left, top, right and bottom are multiplied by."""
    down, across = fitted_size(size, canvas) / np.asarray(size)
    return np.array([across, down, across, down])
