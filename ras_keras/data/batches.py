"""Batches as pure functions of (seed, step)."""

import copy
import math
import os

import numpy as np
import tensorflow as tf

from ras_keras.data.augmentation.augmentation import Augmentation
from ras_keras.data.decoded_images import DecodedImages
from ras_keras.data.encoded.encoded_images import EncodedImages
from ras_keras.data.image_dataset import ImageDataset, Images
from ras_keras.data.shuffling import shuffled_places
from ras_keras.errors import Argument, UserError


class TrainingBatches:
    """Shuffled and augmented batches of a data set's training images.

    The batch of global step t depends on (seed, t) alone: the order of an epoch
    is a keyed permutation, the augmentation's draws are stateless. The images
    are copied, so that the data set itself can be let go.

    Args:
        dataset: its training images and last-batch rule.
        batch_size: images per step, over all devices.
        seed: of the order and the draws.
        devices: over which a batch is split; the last batch of an epoch is cut
            to a multiple of it.
        augmentation: of the images; None for the data set's own crop and flip.
        least: images that each device needs in a batch, 2 where a gate normalizes over the
            batch; a last batch of fewer is left out.
        part: which part of each batch is made, and of how many equal ones: (index, count).

    Raises:
        UserError: for a batch size that the images or the devices do not allow,
            and a cutout larger than the images.
    """

    def __init__(
        self,
        dataset: ImageDataset,
        batch_size: int,
        seed: int,
        devices: int = 1,
        augmentation: Augmentation | None = None,
        least: int = 1,
        part: tuple[int, int] = (0, 1),
    ):
        augmentation = augmentation or Augmentation(dataset.crop_padding, dataset.flip)
        given = Argument("batch_size", batch_size)
        if not 1 <= batch_size <= len(dataset.train):
            raise UserError(
                given,
                f" is not between 1 and the {len(dataset.train):,} training images of "
                f"{dataset.name!r}; give ",
                Argument("batch_size", len(dataset.train)),
                " or less.",
            )
        if batch_size % devices:
            raise UserError(
                given,
                f" does not divide by the {devices} devices; "
                f"{batch_size - batch_size % devices or devices} does.",
            )
        if batch_size // devices < least:
            raise UserError(
                given,
                f" gives each of {devices} devices {batch_size // devices} and a gate that "
                f"normalizes over the batch needs {least}; give ",
                Argument("batch_size", least * devices),
                " or more.",
            )
        height, width, _ = dataset.image_shape
        if augmentation.cutout > min(height, width):
            raise UserError(
                Argument("cutout", augmentation.cutout),
                f" is larger than the {height}x{width} images of {dataset.name!r}; choose at most "
                f"{min(height, width)}.",
            )
        if augmentation.crop_padding >= min(height, width):
            raise UserError(
                Argument("crop_padding", augmentation.crop_padding),
                f" would crop nothing but black from the {height}x{width} images of "
                f"{dataset.name!r}; choose less than {min(height, width)}.",
            )
        images = dataset.train.images
        self.images = DecodedImages(images) if isinstance(images, np.ndarray) else images
        with tf.device("CPU"):
            self.labels = tf.constant(dataset.train.labels)
        self.batch_size = batch_size
        self.seed = seed
        self.devices = devices
        self.augmentation = augmentation
        self.classes = len(dataset.class_names)
        self.drop_remainder = dataset.drop_remainder
        self.least = least
        self.part = part

    @property
    def images_per_epoch(self) -> int:
        images = len(self.images)
        images -= images % (self.batch_size if self.drop_remainder else self.devices)
        last = images % self.batch_size
        return images - last if last // self.devices < self.least else images

    @property
    def steps_per_epoch(self) -> int:
        return math.ceil(self.images_per_epoch / self.batch_size)

    @property
    def left_out(self) -> str:
        """What an epoch leaves out and why, empty if nothing; other images in every epoch."""
        count = len(self.images) - self.images_per_epoch
        if not count:
            return ""
        if self.drop_remainder:
            return f"the last, smaller batch of an epoch, {count} images, is left out"
        if count >= self.devices:
            return (
                f"the last batch of an epoch, {count} image{'s' if count > 1 else ''}, is left "
                "out, for a gate normalizes over the batch"
            )
        return (
            f"the last batch of an epoch is cut by {count} to divide by the {self.devices} devices"
        )

    def whole(self) -> "TrainingBatches":
        """These batches, undivided."""
        batches = copy.copy(self)
        batches.part = (0, 1)
        return batches

    def from_step(self, step: int) -> tf.data.Dataset:
        """The endless sequence of batches from global step `step` on.

        Each is (images, labels): uint8 (n, H, W, 3) and int32 (n,), or float32
        (n, classes) if the augmentation makes distributions of them, with n the
        batch size, or less for the last batch of an epoch; of which a process has its part.
        """
        # What is decoded anew each time takes all cores.
        calls = max(2, os.cpu_count() or 1) if isinstance(self.images, EncodedImages) else 2
        batches = tf.data.Dataset.counter(start=step).map(
            self._batch, num_parallel_calls=calls, deterministic=True
        )
        return batches.prefetch(2)

    @property
    def train(self) -> Images:
        """The training images."""
        return Images(self.images, self.labels.numpy())

    def index(self, step) -> tf.Tensor:
        """Which training images the batch of a step holds: int64 (n,)."""
        return shuffled_places(
            step,
            images=len(self.images),
            per_epoch=self.images_per_epoch,
            batch_size=self.batch_size,
            seed=self.seed,
        )

    def _batch(self, step):
        index = self.index(step)
        labels = tf.gather(self.labels, index)
        number, count = self.part
        size = tf.shape(index)[0] // count
        own = slice(number * size, (number + 1) * size)
        # The draws are of the whole batch, whoever has which part of it.
        read = own if count > 1 else None
        images, labels = self.augmentation(
            self.images, index, labels, self.classes, self.seed, step, read
        )
        return images[own], labels[own]


def evaluation_batches(
    images: Images, batch_size: int, classes: int | None = None
) -> tf.data.Dataset:
    """The images in order, untouched: (uint8 (n, H, W, 3), int32 (n,)) with n <= batch_size.

    With a number of classes the labels are distributions: float32 (n, classes).
    """
    labels = images.labels if classes is None else tf.one_hot(images.labels, classes)
    pixels = images.images
    if not isinstance(pixels, EncodedImages):
        return tf.data.Dataset.from_tensor_slices((pixels, labels)).batch(batch_size)
    places = tf.data.Dataset.from_tensor_slices((np.arange(len(pixels)), labels))
    return (
        places.batch(batch_size)
        .map(
            lambda index, given: (pixels.batch(index), given),
            num_parallel_calls=os.cpu_count(),
            deterministic=True,
        )
        .prefetch(2)
    )
