"""Random augmentation of training batches, a pure function of (seed, step)."""

from dataclasses import dataclass
from typing import Protocol

import tensorflow as tf

from ras_keras.data.augmentation.color_jitter import jitter_colors
from ras_keras.data.augmentation.random_resized_crop import RandomResizedCrop

# Each draw of a step has a key of its own.
CROP, CUTOUT, MIXED_SHARE, MIXED_BOX, RESIZED_CROP, COLORS = range(6)


class ReadableImages(Protocol):
    """N images, of which a batch is made within a graph."""

    def batch(self, index) -> tf.Tensor:
        """Those at the indices: int32 (n,) to uint8 (n, H, W, 3)."""

    def crops(self, index, crop: RandomResizedCrop, draws, mirrored) -> tf.Tensor:
        """As `cropped` makes them."""


@dataclass(frozen=True)
class Augmentation:
    """What is done to the images and labels of a training batch.

    Attributes:
        crop_padding: pixels of black around an image before a random crop.
        mirror: whether half of the images are mirrored.
        crop: random part of an image that is resized, in place of padding; None for none.
        color_jitter: strength of random brightness, contrast and saturation, 0 for none.
        cutout: side in pixels of the square that is filled in, 0 for none.
        fill: pixel of that square, a number for each channel, 0..255.
        cutmix: alpha of the Beta distribution that the share of a mixed-in
            image comes from, 0 for none.
        label_smoothing: part of a label that is spread over all classes.
    """

    crop_padding: int
    mirror: bool
    crop: RandomResizedCrop | None = None
    color_jitter: float = 0.0
    cutout: int = 0
    fill: tuple[float, ...] = (0.0, 0.0, 0.0)
    cutmix: float = 0.0
    label_smoothing: float = 0.0

    @property
    def distributions(self) -> bool:
        """Whether labels become distributions over the classes."""
        return self.label_smoothing > 0 or self.cutmix > 0

    def __call__(
        self,
        images: ReadableImages,
        index,
        labels,
        classes: int,
        seed: int,
        step,
        read: slice | None = None,
    ):
        """Makes a batch.

        Args:
            images: N of them.
            index: of those of the batch, int32 (n,).
            labels: of these, int32 (n,).
            classes: how many there are.
            seed: in [0, 2**31).
            step: int64, scalar.
            read: the part of the batch that is needed, None for all of it; what lies outside may be
                black.

        Returns:
            The images, uint8 (n, H, W, 3), and the labels: as they were, or float32 (n, classes)
            with `distributions`.
        """
        # What is mixed into an image may lie anywhere.
        read = None if self.cutmix else read
        batch = self._crops(images, index, seed, step, read)
        if self.color_jitter:
            batch = jitter_colors(batch, self.color_jitter, _key(seed, COLORS, step))
        if self.distributions:
            labels = tf.one_hot(labels, classes)
            labels = (1 - self.label_smoothing) * labels + self.label_smoothing / classes
        if self.cutout:
            batch = cut_out(batch, seed, step, self.cutout, self.fill)
        if self.cutmix:
            batch, labels = cut_mix(batch, labels, seed, step, self.cutmix)
        return batch, labels

    def _crops(self, images, index, seed, step, read):
        count = tf.shape(index)[0]
        part = read or slice(None)
        if self.crop is None:
            batch = _black_outside(read, images.batch(index[part]), count)
            return crop_and_mirror(batch, seed, step, self.crop_padding, self.mirror)
        draws = self.crop.draws(count, _key(seed, RESIZED_CROP, step))
        mirrored = self.mirror & (_integers((3, count), _key(seed, CROP, step))[2] % 2 == 1)
        batch = images.crops(index[part], self.crop, draws[part], mirrored[part])
        return _black_outside(read, batch, count)

    def __str__(self) -> str:
        padded = f"random crop with {self.crop_padding} pixels of padding"
        parts = [str(self.crop or padded), "mirroring" if self.mirror else "no mirroring"]
        if self.color_jitter:
            parts.append(f"colour jitter of {self.color_jitter:g}")
        if self.cutout:
            parts.append(f"cutout of {self.cutout}x{self.cutout} pixels")
        if self.cutmix:
            parts.append(f"cutmix (alpha {self.cutmix:g})")
        if self.label_smoothing:
            parts.append(f"labels smoothed by {self.label_smoothing:g}")
        return ", ".join(parts)


def crop_and_mirror(images, seed: int, step, padding: int, mirror: bool):
    """A random window of each padded image, mirrored at random."""
    count = tf.shape(images)[0]
    _, height, width, _ = images.shape
    draws = _integers((3, count), _key(seed, CROP, step))
    places = 2 * padding + 1
    rows = draws[0, :, None] % places + tf.range(height)
    columns = draws[1, :, None] % places + tf.range(width)
    if mirror:
        columns = tf.where(draws[2, :, None] % 2 == 0, columns, columns[:, ::-1])
    border = (padding, padding)
    images = tf.pad(images, [(0, 0), border, border, (0, 0)])
    images = tf.gather(images, rows, axis=1, batch_dims=1)
    return tf.gather(images, columns, axis=2, batch_dims=1)


def cut_out(images, seed: int, step, side: int, fill):
    """Fills a square at a random place of each image, clipped at the borders.

    Source: DeVries and Taylor, arXiv 1708.04552, section 3.2.
    """
    inside = _boxes(images, _key(seed, CUTOUT, step), side, side)
    pixel = tf.cast(tf.round(tf.constant(fill)), images.dtype)
    return tf.where(inside[..., None], pixel, images)


def cut_mix(images, labels, seed: int, step, alpha: float):
    """Pastes a box of the batch's next image into each image, at the same place.

    The box is drawn for each image: it has the share 1 - lambda of the image,
    with lambda from Beta(alpha, alpha), before it is clipped at the borders.
    A label is weighted by the share of pixels that are its own.

    Args:
        images: (n, H, W, C).
        labels: float32, (n, classes).
        seed: in [0, 2**31).
        step: int64, scalar.
        alpha: > 0.

    Source: Yun et al., arXiv 1905.04899, Eqs. (1) and (2).
    """
    _, height, width, _ = images.shape
    # Beta(a, a) is G / (G + G') with both from Gamma(a).
    gammas = tf.random.stateless_gamma(
        (2, tf.shape(images)[0]), _key(seed, MIXED_SHARE, step), alpha, dtype=tf.float64
    )
    side = tf.sqrt(1 - tf.math.divide_no_nan(gammas[0], gammas[0] + gammas[1]))
    heights, widths = (tf.cast(side * size, tf.int32)[:, None] for size in (height, width))
    inside = _boxes(images, _key(seed, MIXED_BOX, step), heights, widths)
    kept = 1 - tf.reduce_mean(tf.cast(inside, tf.float32), axis=(1, 2))[:, None]
    images = tf.where(inside[..., None], tf.roll(images, -1, axis=0), images)
    return images, kept * labels + (1 - kept) * tf.roll(labels, -1, axis=0)


def _black_outside(part: slice | None, images, count):
    """A batch of `count` images of which these are a part."""
    if part is None:
        return images
    padded = tf.pad(images, [(part.start, count - part.stop), (0, 0), (0, 0), (0, 0)])
    return tf.ensure_shape(padded, (None, *images.shape[1:]))


def _key(seed, draw, step):
    """Of a stateless draw; seeds lie below 2**31, so that no two keys are equal."""
    return tf.stack([seed + draw * 2**31, step])


def _integers(shape, key):
    return tf.random.stateless_uniform(shape, key, 0, 2**20, tf.int32, alg="philox")


def _boxes(images, key, heights, widths):
    """The pixels within a box around a random pixel of each image: bool (n, H, W)."""
    count = tf.shape(images)[0]
    _, height, width, _ = images.shape
    centres = _integers((2, count), key)[..., None]

    def within(centre, side, size):
        first = centre % size - side // 2
        places = tf.range(size)
        return (places >= first) & (places < first + side)

    rows, columns = within(centres[0], heights, height), within(centres[1], widths, width)
    return rows[:, :, None] & columns[:, None, :]
