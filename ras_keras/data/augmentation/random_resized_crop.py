"""A random part of each image, of random size and shape, resized."""

from dataclasses import dataclass

import tensorflow as tf

from ras_keras.data.augmentation.resizing import resized

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
        """Ten parts of images of area 1: float32 (count, 10, 4), by a stateless key.

        Each is its width and height where width and height are equal, and in [0, 1) what says where
        its top and left lie.
        """
        return self.parts(tf.random.stateless_uniform((count, ATTEMPTS, 4), key, alg="philox"))

    def parts(self, draws):
        """The same of random numbers in [0, 1), (..., 4)."""
        area = self.scale + (1 - self.scale) * draws[..., 0]
        ratio = self.ratio ** (2 * draws[..., 1] - 1)
        sides = tf.stack([tf.sqrt(area * ratio), tf.sqrt(area / ratio)], axis=-1)
        return tf.concat([sides, draws[..., 2:]], axis=-1)

    def box(self, draws, height, width):
        """The part of an image: int32 (4,) of top, left, height and width.

        Args:
            draws: of the image, float32 (10, 4).
            height: of the image, int32, scalar.
            width: likewise.
        """
        sides = _whole(tf.sqrt(tf.cast(height * width, tf.float32)) * draws[:, :2])
        fits = tf.reduce_all((sides >= 1) & (sides <= tf.stack([width, height])), axis=-1)
        first = tf.argmax(fits)
        columns, rows = tf.unstack(sides[first])
        room = tf.cast(tf.stack([height - rows, width - columns]) + 1, tf.float32)
        top, left = tf.unstack(tf.cast(draws[first, 2:] * room, tf.int32))
        drawn = tf.stack([top, left, rows, columns])
        return tf.cond(fits[first], lambda: drawn, lambda: self._middle(height, width))

    def _middle(self, height, width):
        rows = tf.minimum(height, _whole(tf.cast(width, tf.float32) * self.ratio))
        columns = tf.minimum(width, _whole(tf.cast(height, tf.float32) * self.ratio))
        return tf.stack([(height - rows) // 2, (width - columns) // 2, rows, columns])

    def __str__(self) -> str:
        return (
            f"random crop of {100 * self.scale:g} to 100 % of the area, shapes to "
            f"{self.ratio:.3g}:1, resized"
        )


def cropped(part_of, image_shape, crop: RandomResizedCrop, index, draws, mirrored):
    """A random part of each of some images, resized, mirrored or not; within a graph.

    Args:
        part_of: a function from the index of an image and from one of its height and width to a
            box, as `RandomResizedCrop.box` is, to that part of the image.
        image_shape: (H, W, 3) of the results.
        crop: where the parts lie.
        index: of the images, int32 (n,).
        draws: of `crop`, (n, ...).
        mirrored: bool, (n,).

    Returns:
        uint8, (n, H, W, 3).
    """

    def one(item):
        position, own, turned = item
        image = part_of(position, lambda height, width: crop.box(own, height, width))
        image = resized(image, *image_shape[:2])
        # Several times as fast as slicing backwards.
        return tf.cond(turned, lambda: tf.reverse(image, [1]), lambda: image)

    signature = tf.TensorSpec(image_shape, tf.uint8)
    return tf.map_fn(one, (index, draws, mirrored), fn_output_signature=signature)


def _whole(number):
    return tf.cast(tf.round(number), tf.int32)
