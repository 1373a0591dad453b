"""Batches as pure functions of (seed, step)."""

import math

import tensorflow as tf

from ras_keras.data.image_dataset import ImageDataset, Images
from ras_keras.errors import UserError


class TrainingBatches:
    """Shuffled, cropped and flipped batches of a data set's training images.

    The batch of global step t depends on (seed, t) alone: the order of an epoch
    is a keyed permutation, crops and flips are stateless draws. The images are
    copied, so that the data set itself can be let go.

    Args:
        dataset: its training images, crop padding, flip and last-batch rule.
        batch_size: images a step, over all devices.
        seed: of the order and the draws.
        devices: over which a batch is split; the last batch of an epoch is cut
            to a multiple of it.

    Raises:
        UserError: for a batch size that the images or the devices do not allow.
    """

    def __init__(self, dataset: ImageDataset, batch_size: int, seed: int, devices: int = 1):
        if not 1 <= batch_size <= len(dataset.train):
            raise UserError(
                f"--batch-size {batch_size} is not between 1 and the "
                f"{len(dataset.train):,} training images of {dataset.name!r}."
            )
        if batch_size % devices:
            raise UserError(
                f"--batch-size {batch_size} does not divide by the {devices} devices; "
                f"{batch_size - batch_size % devices or devices} does."
            )
        with tf.device("CPU"):
            self.images = tf.constant(dataset.train.images)
            self.labels = tf.constant(dataset.train.labels)
        self.batch_size = batch_size
        self.seed = seed
        self.devices = devices
        self.crop_padding = dataset.crop_padding
        self.flip = dataset.flip
        self.drop_remainder = dataset.drop_remainder

    @property
    def images_per_epoch(self) -> int:
        images = len(self.images)
        return images - images % (self.batch_size if self.drop_remainder else self.devices)

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
        return (
            f"the last batch of an epoch is cut by {count} to divide by the {self.devices} devices"
        )

    def from_step(self, step: int) -> tf.data.Dataset:
        """The endless sequence of batches from global step `step` on.

        Each is (images, labels): uint8 (n, H, W, 3) and int32 (n,) with n the
        batch size, or less for the last batch of an epoch.
        """
        batches = tf.data.Dataset.counter(start=step).map(
            self._batch, num_parallel_calls=2, deterministic=True
        )
        return batches.prefetch(2)

    def _batch(self, step):
        epoch, position = step // self.steps_per_epoch, step % self.steps_per_epoch
        first = position * self.batch_size
        places = tf.range(first, tf.minimum(first + self.batch_size, self.images_per_epoch))
        index = tf.random.experimental.index_shuffle(
            places, seed=tf.stack([self.seed, epoch]), max_index=len(self.images) - 1
        )
        return self._augment(tf.gather(self.images, index), step), tf.gather(self.labels, index)

    def _augment(self, images, step):
        count = tf.shape(images)[0]
        _, height, width, _ = images.shape
        draws = tf.random.stateless_uniform(
            (3, count), tf.stack([self.seed, step]), 0, 2**20, tf.int32, alg="philox"
        )
        places = 2 * self.crop_padding + 1
        rows = draws[0, :, None] % places + tf.range(height)
        columns = draws[1, :, None] % places + tf.range(width)
        if self.flip:
            columns = tf.where(draws[2, :, None] % 2 == 0, columns, columns[:, ::-1])
        border = (self.crop_padding, self.crop_padding)
        images = tf.pad(images, [(0, 0), border, border, (0, 0)])
        images = tf.gather(images, rows, axis=1, batch_dims=1)
        return tf.gather(images, columns, axis=2, batch_dims=1)


def evaluation_batches(images: Images, batch_size: int) -> tf.data.Dataset:
    """The images in order, untouched: (uint8 (n, H, W, 3), int32 (n,)) with n <= batch_size."""
    return tf.data.Dataset.from_tensor_slices((images.images, images.labels)).batch(batch_size)
