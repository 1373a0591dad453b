"""Every image-classification set that tensorflow-datasets knows by name."""

import difflib
import os
import socket
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np

from ras_keras.data.allocation import allocate_images
from ras_keras.data.fingerprint import digest_of_sizes
from ras_keras.data.image_dataset import ImageDataset, Images
from ras_keras.errors import Argument, UserError, first_line
from ras_keras.pixels import CIFAR10_MEAN, CIFAR10_VARIANCE

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
}
NO_NETWORK = (Argument("dataset", "digits"), " needs no files and no network.")


def check_tensorflow_dataset(
    name: str, data_dir: str | None, download: bool, image_size: int | None
) -> None:
    """Refuses unknown names and folders without the data set, before anything is read."""
    _builder(name, data_dir, download, image_size)


def load_tensorflow_dataset(
    name: str, data_dir: str | None, download: bool, image_size: int | None
) -> ImageDataset:
    """Reads a data set, preparing it first where that is asked for or usual.

    Args:
        name: as tensorflow-datasets has it, such as "cifar100" or "mnist".
        data_dir: the folder that holds prepared data sets; None for
            tensorflow-datasets' own (TFDS_DATA_DIR sets it).
        download: whether a `data_dir` may be created and filled.
        image_size: height and width to resize to, in pixels; None keeps the
            size that all images share.
    """
    builder = _builder(name, data_dir, download, image_size)
    if not builder.is_prepared():
        _prepare(builder)
    label = builder.info.features["label"]
    splits = ("train", _test_split(builder))
    train, test = (_read(builder, split, image_size) for split in splits)
    return ImageDataset(
        name,
        train,
        test,
        tuple(label.names),
        **PARTICULARS.get(name, {}),
        contents=_digest(builder, splits),
    )


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


def _prepare(builder):
    looked = f"{builder.name} is not in {builder.data_dir}"
    remedy = (
        f"Run again with a network, or name a folder that holds a prepared {builder.name}/ by ",
        Argument("data_dir"),
        " or TFDS_DATA_DIR. ",
        *NO_NETWORK,
    )
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
            return split
    raise UserError(
        Argument("dataset", builder.name),
        f" has the splits {', '.join(builder.info.splits)}; it needs train and test (or "
        "validation). Lay it out as folders and use folder:PATH.",
    )


def _read(builder, split, image_size) -> Images:
    import tensorflow as tf

    height, width, _ = builder.info.features["image"].shape
    size = (height, width) if image_size is None else (image_size, image_size)

    def prepare(example):
        image = tf.cast(example["image"], "float32")
        if image_size is not None:
            image = tf.image.resize(image, size, "area")
        image = tf.cast(tf.clip_by_value(tf.round(image), 0, 255), "uint8")
        return tf.broadcast_to(image, (*size, 3)), tf.cast(example["label"], "int32")

    count = builder.info.splits[split].num_examples
    images, labels = allocate_images(count, size), np.empty(count, "int32")
    read = 0
    try:
        for batch, batch_labels in builder.as_dataset(split=split).map(prepare).batch(BATCH):
            images[read : read + len(batch)], labels[read : read + len(batch)] = batch, batch_labels
            read += len(batch)
    except tf.errors.OpError as error:
        raise _damaged(builder, split, first_line(error.message)) from error
    if read != count:
        raise _damaged(builder, split, f"{read} of {count} images")
    return Images(images, labels)


def _damaged(builder, split, what):
    return UserError(
        f"{builder.data_dir}: its {split} split is damaged ({what}); delete that folder and run "
        "again with ",
        Argument("download", True),
        ". ",
        *NO_NETWORK,
    )
