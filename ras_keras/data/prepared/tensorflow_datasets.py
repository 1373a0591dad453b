"""Every image-classification set that tensorflow-datasets knows by name."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ras_keras.data.encoded.record_index import index_records
from ras_keras.data.encoded.sources import Records
from ras_keras.data.fingerprint import digest_of_sizes
from ras_keras.data.image_dataset import ImageDataset, Images
from ras_keras.data.prepared.builders import NO_NETWORK, find_builder, prepare, test_split
from ras_keras.data.reading import Reading
from ras_keras.errors import Argument, UserError, first_line
from ras_keras.pixels import (
    CIFAR10_MEAN,
    CIFAR10_VARIANCE,
    IMAGENET_MEAN,
    IMAGENET_VARIANCE,
)

BATCH = 500
# The papers normalize all three with CIFAR-10's statistics.
PUBLISHED = {"mean": CIFAR10_MEAN, "variance": CIFAR10_VARIANCE}
PARTICULARS: dict[str, dict[str, Any]] = {
    "cifar10": PUBLISHED,
    "cifar100": PUBLISHED,
    "stl10": {**PUBLISHED, "crop_padding": 12, "drop_remainder": True},
    "mnist": {"flip": False},
    "emnist": {"flip": False},
    "kmnist": {"flip": False},
    "svhn_cropped": {"flip": False},
    "imagenet2012": {"mean": IMAGENET_MEAN, "variance": IMAGENET_VARIANCE},
}


def check_tensorflow_dataset(
    name: str, data_dir: str | None, download: bool, reading: Reading
) -> None:
    """Refuses unknown names and folders without the data set, before anything is read."""
    find_builder(name, data_dir, download, reading.image_size)


def load_tensorflow_dataset(
    name: str, data_dir: str | None, download: bool, reading: Reading
) -> ImageDataset:
    """Reads a data set, preparing it first where that is asked for or usual.

    Args:
        name: as tensorflow-datasets has it, such as "cifar100" or "mnist".
        data_dir: the folder that holds prepared data sets; None for
            tensorflow-datasets' own (TFDS_DATA_DIR sets it).
        download: whether a `data_dir` may be created and filled.
        reading: how its images are read.
    """
    side = reading.image_size
    builder = find_builder(name, data_dir, download, side)
    if not builder.is_prepared():
        prepare(builder, data_dir)
    label, image = (builder.info.features[name] for name in ("label", "image"))
    splits = ("train", test_split(builder))
    form = AsPrepared(image, image.shape[:2] if side is None else (side, side), side is not None)
    count = sum(builder.info.splits[split].num_examples for split in splits)
    read = _encoded if reading.encoded(count, form.size) else _decoded
    train, test = (_whole(read, builder, split, reading, form) for split in splits)
    return ImageDataset(
        name,
        train,
        test,
        tuple(label.names),
        **PARTICULARS.get(builder.name, {}),
        contents=_digest(builder, splits),
    )


@dataclass(frozen=True)
class AsPrepared:
    """An image as tensorflow-datasets decodes it, resized by means over areas.

    Attributes:
        feature: of tensorflow-datasets, which decodes.
        size: height and width, in pixels.
        resize: whether images may have another.
    """

    feature: Any
    size: tuple[int, int]
    resize: bool

    def __call__(self, data):
        return self.of_pixels(self.feature.decode_example(data))

    def check(self, data):
        self(data)

    def of_pixels(self, image):
        """Decoded, any numbers (H, W, 1 or 3), to uint8 (H, W, 3) of the size."""
        image = tf.cast(image, "float32")
        if self.resize:
            image = tf.image.resize(image, self.size, "area")
        image = tf.cast(tf.clip_by_value(tf.round(image), 0, 255), "uint8")
        return tf.broadcast_to(image, (*self.size, 3))


def _digest(builder, splits) -> str:
    """A digest of the version, and of the names and sizes of the files of these splits."""
    shards = [Path(file) for split in splits for file in builder.info.splits[split].filepaths]
    return digest_of_sizes((f"{builder.info.full_name} {file.name}", file) for file in shards)


def _whole(read, builder, split, reading, form) -> Images:
    """A split, read by a function and found to be complete."""
    count = builder.info.splits[split].num_examples
    try:
        images = read(builder, split, count, reading, form)
    except tf.errors.OpError as error:
        raise _damaged(builder, split, first_line(error.message)) from error
    if len(images) != count:
        raise _damaged(builder, split, f"{len(images)} of {count} images")
    return images


def _decoded(builder, split, count, reading, form) -> Images:
    import tensorflow_datasets as tfds

    images, labels = np.empty((count, *form.size, 3), "uint8"), np.empty(count, "int32")
    read = 0
    # Shard by shard, as they are indexed.
    in_order = tfds.ReadConfig(interleave_cycle_length=1)
    examples = builder.as_dataset(split=split, read_config=in_order)
    decoded = examples.map(lambda each: (form.of_pixels(each["image"]), each["label"]))
    for batch in decoded.batch(BATCH):
        part = slice(read, read + len(batch[1]))
        images[part], labels[part] = batch
        read = part.stop
    return Images(images[:read], labels[:read])


def _encoded(builder, split, count, reading, form) -> Images:
    shards = [Path(file) for file in builder.info.splits[split].filepaths]
    index = index_records(shards, count, _digest(builder, [split]))
    source = Records(shards, index.shard, index.offset, index.length, index.checksum)
    return Images(reading.images(source, len(index.label), reading.form(form)), index.label)


def _damaged(builder, split, what):
    return UserError(
        f"{builder.data_dir}: its {split} split is damaged ({what}); delete that folder and run "
        "again with ",
        Argument("download", True),
        ". ",
        *NO_NETWORK,
    )
