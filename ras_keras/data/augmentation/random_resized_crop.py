"""A random part of each image, of random size and shape, resized."""

from dataclasses import dataclass

import tensorflow as tf

ATTEMPTS = 10


@dataclass(frozen=True)
class RandomResizedCrop:
    """Where the random part of an image lies.

    Its area is the image's times a factor between `scale` and 1, drawn evenly; its width over its
    height lies between 1 / `ratio` and `ratio`, its logarithm drawn evenly. Where none of ten draws
    lies within the image, the largest part in the middle with an allowed shape is taken.

    Source: Szegedy et al., arXiv 1409.4842, section 6.

    Attributes:
        scale: in (0, 1].
        ratio: at least 1.
    """

    scale: float
    ratio: float

    def draws(self, count, key):
        """The random numbers of a batch, float32 (count, 10, 4) in [0, 1), by a stateless key."""
        return tf.random.stateless_uniform((count, ATTEMPTS, 4), key, alg="philox")

    def box(self, draws, height, width):
        """The part of an image: int32 (4,) of top, left, height and width.

        Args:
            draws: of the image, float32 (10, 4).
            height: of the image, int32, scalar.
            width: likewise.
        """
        area = tf.cast(height * width, tf.float32) * (self.scale + (1 - self.scale) * draws[:, 0])
        ratio = self.ratio ** (2 * draws[:, 1] - 1)
        widths = _whole(tf.sqrt(area * ratio))
        heights = _whole(tf.sqrt(area / ratio))
        fits = (heights >= 1) & (heights <= height) & (widths >= 1) & (widths <= width)
        first = tf.argmax(fits)
        rows, columns = heights[first], widths[first]
        top, left = _place(draws[first, 2], height - rows), _place(draws[first, 3], width - columns)
        drawn = tf.stack([top, left, rows, columns])
        return tf.where(tf.reduce_any(fits), drawn, self._middle(height, width))

    def _middle(self, height, width):
        rows = tf.minimum(height, _whole(tf.cast(width, tf.float32) * self.ratio))
        columns = tf.minimum(width, _whole(tf.cast(height, tf.float32) * self.ratio))
        return tf.stack([(height - rows) // 2, (width - columns) // 2, rows, columns])

    def __str__(self) -> str:
        return (
            f"random crop of {100 * self.scale:g} to 100 % of the area, shapes to "
            f"{self.ratio:.3g}:1, resized"
        )


def mirrored_where(mirrored, image):
    """The image (H, W, 3), mirrored if a bool scalar says so."""
    # Several times as fast as slicing backwards.
    return tf.cond(mirrored, lambda: tf.reverse(image, [1]), lambda: image)


def _whole(number):
    return tf.cast(tf.round(number), tf.int32)


def _place(draw, room):
    return tf.cast(draw * tf.cast(room + 1, tf.float32), tf.int32)
