"""Parts of images, and images at another size."""

import tensorflow as tf


def part(image, box):
    """The part of an image (H, W, 3) that a box int32 (4,) of top, left, height, width says."""
    top, left, height, width = tf.unstack(box)
    return image[top : top + height, left : left + width]


def resized(image, height: int, width: int):
    """An image at another size: means of whole pixels, then bilinear interpolation.

    Where it is at least twice as large as the size, squares of as many pixels as fit are averaged
    first, since interpolation alone would leave most of them out.

    Args:
        image: uint8, (H, W, C).
        height: in pixels.
        width: in pixels.

    Returns:
        uint8, (height, width, C).
    """
    found = tf.shape(image)
    factor = tf.maximum(1, tf.minimum(found[0] // height, found[1] // width))
    image = tf.cond(factor > 1, lambda: _reduced(image, factor), lambda: tf.cast(image, tf.float32))
    return tf.cast(tf.round(tf.image.resize(image, (height, width))), tf.uint8)


def _reduced(image, factor):
    rows, columns = tf.unstack(tf.shape(image)[:2] // factor)
    image = tf.cast(image[: rows * factor, : columns * factor], tf.float32)
    squares = tf.reshape(image, (rows, factor, columns, factor, image.shape[-1]))
    return tf.reduce_mean(squares, axis=(1, 3))
