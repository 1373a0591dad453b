"""Finds data sets of tensorflow-datasets by name, and prepares them."""

import difflib
import os
import socket
import urllib.request
from pathlib import Path

from ras_keras.errors import Argument, UserError, first_line

# The labels of its test images are secret.
TEST_SPLIT = {"imagenet2012": "validation"}
NO_NETWORK = (Argument("dataset", "digits"), " needs no files and no network.")


def find_builder(name: str, data_dir: str | None, download: bool, image_size: int | None):
    """The builder of a data set.

    Args:
        name: as tensorflow-datasets has it.
        data_dir: the folder that holds prepared data sets; None for tensorflow-datasets' own.
        download: whether a `data_dir` may be created and filled.
        image_size: to which its images are resized, None for their own.

    Raises:
        UserError: for an unknown name, a set of other things than images with labels, images of
            sizes that vary without `image_size`, and a folder that lacks it.
    """
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
    """A half prepared folder has files missing; only TFRecord files are read."""
    found = builder.info.file_format.value
    if found != "tfrecord":
        raise UserError(
            f"{builder.data_dir} holds {found} files and only tfrecord is read; prepare the set in "
            "that format, in another folder."
        )
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


def prepare(builder, data_dir: str | None) -> None:
    """Fetches and prepares a data set.

    Raises:
        UserError: if that does not work, or its archives are to be fetched by hand and are not
            there.
    """
    looked = f"{builder.name} is not in {builder.data_dir}"
    remedy = (
        f"Run again with a network, or name a folder that holds a prepared {builder.name}/ by ",
        Argument("data_dir"),
        " or TFDS_DATA_DIR. ",
        *NO_NETWORK,
    )
    if builder.MANUAL_DOWNLOAD_INSTRUCTIONS:
        _check_downloaded_by_hand(builder, Path(_looked_in(data_dir)).expanduser())
    elif not urllib.request.getproxies():
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


def test_split(builder) -> str:
    """The split that a data set is tested on.

    Raises:
        UserError: if it has none.
    """
    for split in ("test", "validation"):
        if split in builder.info.splits and "train" in builder.info.splits:
            return TEST_SPLIT.get(builder.name, split)
    raise UserError(
        Argument("dataset", builder.name),
        f" has the splits {', '.join(builder.info.splits)}; it needs train and test (or "
        "validation). Lay it out as folders and use folder:PATH.",
    )
