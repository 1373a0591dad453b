"""Batches of images with boxes, as pure functions of (seed, step)."""

import os

import numpy as np
import tensorflow as tf

from ras_keras.data.image_dataset import Images
from ras_keras.data.shuffling import shuffled_places
from ras_keras.detection.data.annotated_pixels import AnnotatedPixels
from ras_keras.detection.data.annotations import AnnotatedImages
from ras_keras.detection.data.letterbox import boxes_on_canvas, fitted_size, mirrored_boxes
from ras_keras.errors import Argument, UserError

# In place of the class of a box that only fills up the others.
NO_CLASS = -1


class DetectionBatches:
    """Shuffled batches of annotated images on a canvas, half of them mirrored.

    The batch of global step t depends on (seed, t) alone: the order of an epoch is a keyed
    permutation, which images are mirrored is a stateless draw. The last, smaller batch of an epoch
    is left out. Images are decoded anew whenever they are needed.

    Args:
        images: that are trained on; boxes of crowds are left out.
        canvas: height and width in pixels that the images are resized to, black beside.
        batch_size: images per step.
        seed: of the order and the draws, in [0, 2**31).
        flip: whether images are mirrored at random.

    Raises:
        UserError: for a batch size that the images do not allow, and a side of the canvas that no
            image can be resized to.
    """

    def __init__(
        self,
        images: AnnotatedImages,
        canvas: tuple[int, int],
        batch_size: int,
        seed: int,
        flip: bool = True,
    ):
        if not 1 <= batch_size <= len(images):
            raise UserError(
                Argument("batch_size", batch_size),
                f" is not between 1 and the {len(images):,} training images; give ",
                Argument("batch_size", len(images)),
                " or less.",
            )
        self.pixels = AnnotatedPixels(images, canvas)
        self.canvas = canvas
        self.batch_size = batch_size
        self.seed = seed
        self.flip = flip
        self.most_boxes = images.most_boxes
        real = [~crowd for crowd in images.crowd]
        boxes = [
            boxes_on_canvas(found[kept], size, canvas)
            for found, kept, size in zip(images.boxes, real, images.sizes, strict=True)
        ]
        labels = [found[kept] for found, kept in zip(images.labels, real, strict=True)]
        ends = np.cumsum([0, *map(len, boxes)])
        with tf.device("CPU"):
            self._boxes = tf.constant(np.concatenate(boxes), tf.float32)
            self._labels = tf.constant(np.concatenate(labels), tf.int32)
            self._ends = tf.constant(ends, tf.int32)
            self._widths = tf.constant(fitted_size(images.sizes, canvas)[:, 1], tf.float32)

    @property
    def steps_per_epoch(self) -> int:
        return len(self.pixels) // self.batch_size

    @property
    def images_per_epoch(self) -> int:
        return self.steps_per_epoch * self.batch_size

    @property
    def left_out(self) -> str:
        """What an epoch leaves out, empty if nothing; other images in every epoch."""
        count = len(self.pixels) - self.images_per_epoch
        if not count:
            return ""
        images = f"{count:,} image{'s' * (count > 1)}"
        return f"the last, smaller batch of an epoch, {images}, is left out"

    @property
    def train(self) -> Images:
        """The images as `ras_keras.data.unreadable` takes them, their numbers as labels."""
        return Images(self.pixels, self.pixels.places)

    def from_step(self, step: int) -> tf.data.Dataset:
        """The endless sequence of batches from global step `step` on.

        Each is (images, objects): uint8 (n, H, W, 3) with n the batch size, and a dictionary of
        "boxes", float32 (n, M, 4) of left, top, right, bottom in pixels of the canvas, and
        "classes", int32 (n, M), with M the most boxes of an image. Behind an image's own boxes
        stand boxes of zeros with class -1.
        """
        images = tf.data.Dataset.counter(start=step).flat_map(self._draws)
        images = images.map(
            self._image, num_parallel_calls=max(2, os.cpu_count() or 1), deterministic=True
        )
        return images.batch(self.batch_size, drop_remainder=True).prefetch(2)

    def index(self, step) -> tf.Tensor:
        """Which images the batch of a step holds: int64 (n,)."""
        return shuffled_places(
            step,
            images=len(self.pixels),
            per_epoch=self.images_per_epoch,
            batch_size=self.batch_size,
            seed=self.seed,
        )

    def _draws(self, step):
        """The images of a step, and which of them are mirrored."""
        draws = tf.random.stateless_uniform(
            (self.batch_size,), tf.stack([self.seed, step]), 0, 2, tf.int32, alg="philox"
        )
        return tf.data.Dataset.from_tensor_slices((self.index(step), self.flip & (draws == 1)))

    def _image(self, index, mirror):
        own = slice(self._ends[index], self._ends[index + 1])
        boxes, labels = self._boxes[own], self._labels[own]
        boxes = tf.where(mirror, mirrored_boxes(boxes, self._widths[index]), boxes)
        rest = self.most_boxes - tf.shape(labels)[0]
        boxes = tf.pad(boxes, [(0, rest), (0, 0)])
        labels = tf.pad(labels, [(0, rest)], constant_values=NO_CLASS)
        return self.pixels.on_canvas(index, mirror), {
            "boxes": tf.ensure_shape(boxes, (self.most_boxes, 4)),
            "classes": tf.ensure_shape(labels, (self.most_boxes,)),
        }


def evaluation_batches(
    images: AnnotatedImages, canvas: tuple[int, int], batch_size: int
) -> tf.data.Dataset:
    """The images in order, on a canvas: uint8 (n, H, W, 3) with n <= batch_size.

    Args:
        images: N of them.
        canvas: height and width in pixels.
        batch_size: images of a batch, fewer in the last one.
    """
    pixels = AnnotatedPixels(images, canvas)
    places = tf.data.Dataset.range(len(images), output_type=tf.int32)
    read = places.map(pixels.on_canvas, num_parallel_calls=os.cpu_count(), deterministic=True)
    return read.batch(batch_size).prefetch(2)
