"""Every image-classification set that tensorflow-datasets knows by name."""

import difflib
import os
import socket
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ras_keras.data.encoded.record_index import index_records
from ras_keras.data.encoded.sources import Records
from ras_keras.data.fingerprint import digest_of_sizes
from ras_keras.data.image_dataset import ImageDataset, Images
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
# The labels of its test images are secret.
TEST_SPLIT = {"imagenet2012": "validation"}
NO_NETWORK = (Argument("dataset", "digits"), " needs no files and no network.")


def check_tensorflow_dataset(
    name: str, data_dir: str | None, download: bool, reading: Reading
) -> None:
    """Refuses unknown names and folders without the data set, before anything is read."""
    _builder(name, data_dir, download, reading.image_size)


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
    builder = _builder(name, data_dir, download, side)
    if not builder.is_prepared():
        _prepare(builder, data_dir)
    label, image = (builder.info.features[name] for name in ("label", "image"))
    splits = ("train", _test_split(builder))
    form = AsPrepared(image, image.shape[:2] if side is None else (side, side), side is not None)
    count = sum(builder.info.splits[split].num_examples for split in splits)
    read = _encoded if reading.encoded(count, form.size) else _decoded
    train, test = (_whole(read, builder, split, reading, form) for split in splits)
    return ImageDataset(
        name,
        train,
        test,
        tuple(label.names),
        **PARTICULARS.get(name, {}),
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


def _builder(name, data_dir, download, image_size):
    import tensorflow_datasets as tfds

    known = tfds.list_builders(with_community_datasets=False)
    if name.partition("/")[0].partition(":")[0] not in known:
        nearest = [
            *difflib.get_close_matches(name, ("digits", "cifar10", "cifar100", "stl10"), n=1),
            *difflib.get_close_matches(name, known, n=1),
        ]
        hint = f"; the nearest is {nearest[0]!r}" if nearest else ""
        raise UserError(
            Argument("dataset"),
            f" {name!r} is unknown{hint}. "
            "Valid: digits, cifar10, cifar100, stl10, folder:PATH and every image-classification "
            "set of tensorflow-datasets.",
        )
    if data_dir is not None and not download and not Path(data_dir).is_dir():
        raise UserError(
            Argument("data_dir", data_dir),
            ": no such folder; ",
            Argument("download", True),
            " creates and fills it. ",
            *NO_NETWORK,
        )
    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            Argument("dataset", name),
            f": {first_line(error)} (looked in {_looked_in(data_dir)}).",
        ) from error
    if data_dir is not None and not download and not builder.is_prepared():
        raise UserError(
            Argument("data_dir", data_dir),
            f" holds no prepared {name} (looked in {builder.data_dir}); ",
            Argument("download", True),
            " fetches it. ",
            *NO_NETWORK,
        )
    _check_features(builder, image_size)
    if builder.is_prepared():
        _check_prepared(builder)
    return builder


def _looked_in(data_dir):
    import tensorflow_datasets as tfds

    return data_dir or os.environ.get("TFDS_DATA_DIR") or tfds.core.constants.DATA_DIR


def _check_prepared(builder):
    """A half prepared folder has files missing."""
    for split in builder.info.splits.values():
        for file in split.filepaths:
            if not Path(file).is_file():
                raise UserError(
                    f"{builder.data_dir} is half prepared: {Path(file).name} is missing; delete "
                    "that folder and run again with ",
                    Argument("download", True),
                    ". ",
                    *NO_NETWORK,
                )


def _check_features(builder, image_size):
    features = dict(builder.info.features)
    if "image" not in features or not hasattr(features.get("label"), "names"):
        raise UserError(
            Argument("dataset", builder.name),
            f" is no image-classification set (its features are {', '.join(features)}); choose "
            "one with image and label.",
        )
    if image_size is None and None in features["image"].shape:
        raise UserError(
            "the images of ",
            Argument("dataset", builder.name),
            " vary in size; choose one with ",
            Argument("image_size"),
            ".",
        )


def _check_downloaded_by_hand(builder, data_dir):
    """Of a set that its owners hand out on request, the user has to fetch the archives."""
    folder = data_dir / "downloads" / "manual"
    if not folder.is_dir() or not any(folder.iterdir()):
        raise UserError(
            f"{builder.name} cannot be fetched without its owners' consent: "
            f"{' '.join(builder.MANUAL_DOWNLOAD_INSTRUCTIONS.split())} Put the archives into "
            f"{folder} and give the same command again. ",
            *NO_NETWORK,
        )


def _prepare(builder, data_dir):
    looked = f"{builder.name} is not in {builder.data_dir}"
    remedy = (
        f"Run again with a network, or name a folder that holds a prepared {builder.name}/ by ",
        Argument("data_dir"),
        " or TFDS_DATA_DIR. ",
        *NO_NETWORK,
    )
    if builder.MANUAL_DOWNLOAD_INSTRUCTIONS:
        _check_downloaded_by_hand(builder, Path(_looked_in(data_dir)).expanduser())
    if not urllib.request.getproxies():
        try:
            socket.getaddrinfo("www.tensorflow.org", 443)
        except OSError as error:
            raise UserError(f"{looked} and there is no network to fetch it. ", *remedy) from error
    print(f"Preparing {builder.name} in {builder.data_dir}", flush=True)
    try:
        builder.download_and_prepare()
    # tensorflow-datasets passes on whatever its downloader, its extractors and the disk raise.
    except Exception as error:
        raise UserError(
            f"{looked} and fetching it failed ({first_line(error)}). ", *remedy
        ) from error
    _check_prepared(builder)


def _test_split(builder):
    for split in ("test", "validation"):
        if split in builder.info.splits and "train" in builder.info.splits:
            return TEST_SPLIT.get(builder.name, split)
    raise UserError(
        Argument("dataset", builder.name),
        f" has the splits {', '.join(builder.info.splits)}; it needs train and test (or "
        "validation). Lay it out as folders and use folder:PATH.",
    )


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
    for batch in examples.map(lambda each: (form.of_pixels(each["image"]), each["label"])).batch(
        BATCH
    ):
        part = slice(read, read + len(batch[1]))
        images[part], labels[part] = batch
        read = part.stop
    return Images(images[:read], labels[:read])


def _encoded(builder, split, count, reading, form) -> Images:
    shards = [Path(file) for file in builder.info.splits[split].filepaths]
    index = index_records(shards, count, _digest(builder, [split]))
    source = Records(shards, index.shard, index.offset, index.length)
    return Images(reading.images(source, len(index.label), reading.form(form)), index.label)


def _damaged(builder, split, what):
    return UserError(
        f"{builder.data_dir}: its {split} split is damaged ({what}); delete that folder and run "
        "again with ",
        Argument("download", True),
        ". ",
        *NO_NETWORK,
    )
