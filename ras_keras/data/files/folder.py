"""A user's own images: PATH/train/CLASS/* and PATH/test/CLASS/*."""

import os
from pathlib import Path
from unicodedata import normalize

import numpy as np

from ras_keras.data.allocation import allocate_images
from ras_keras.data.files.class_folders import ClassFolders, survey
from ras_keras.data.files.image_files import read_image
from ras_keras.data.fingerprint import digest_of_files
from ras_keras.data.image_dataset import ImageDataset, Images
from ras_keras.errors import Argument, UserError

FOLDER = "folder:"


def is_folder(name: str) -> bool:
    """Whether a data set is a folder of one's own."""
    return name.startswith(FOLDER)


def folder_path(name: str, data_dir: str | None = None) -> str:
    """Where the images of a data set "folder:PATH" lie.

    Args:
        name: of the data set.
        data_dir: the folder itself, or one that holds it, where it no longer lies at its PATH.

    Raises:
        UserError: if the name says no folder.
    """
    path = name.removeprefix(FOLDER)
    if data_dir is None and not path:
        raise UserError(Argument("dataset", name), " names no folder; write folder:PATH.")
    given = path if data_dir is None else data_dir
    place = Path(os.path.expanduser(given))  # noqa: PTH111, which raises for ~unknown
    below = place / Path(path).name
    if data_dir is not None and below.is_dir() and not (place / "train").is_dir():
        place = below
    return str(place)


def check_folder(path: str) -> None:
    """Refuses a folder that `load_folder` could not load, before any image is read.

    Raises:
        UserError: naming what is wrong and the way out.
    """
    survey(path)


def load_folder(name: str, path: str, image_size: int | None) -> ImageDataset:
    """Reads the images below `path`.

    Args:
        name: of the data set.
        path: the folder that holds train/ and test/.
        image_size: height and width to resize to, in pixels; None keeps the
            size that all images share.

    Raises:
        UserError: as `check_folder` does, and for an image that cannot be read or has another size.
    """
    found = survey(path)
    train = _load(found.train, image_size)
    # The test images must come out at the size of the training images.
    test = _load(found.test, image_size, expected=train.images.shape[1:3])
    return ImageDataset(
        name, train, test, found.names, notices=found.notices, contents=digest(found)
    )


def digest(found: ClassFolders) -> str:
    """A digest of the images of a folder, wherever it lies and whatever order it is listed in."""
    files = [
        (normalize("NFC", f"{split}/{found.names[label]}/{file.name}"), file)
        for split, images in (("train", found.train), ("test", found.test))
        for file, label in images
    ]
    return digest_of_files(sorted(files))


def _load(files, image_size, expected=None) -> Images:
    if image_size is not None:
        expected = (image_size, image_size)
    images = np.empty(0, "uint8")
    for i, (file, _) in enumerate(files):
        pixels = read_image(file, (image_size, image_size, 3))
        if i == 0:
            expected = expected or pixels.shape[:2]
            images = allocate_images(len(files), expected)
        if pixels.shape[:2] != expected:
            raise UserError(
                f"{file} is {pixels.shape[0]}x{pixels.shape[1]} pixels where "
                f"{expected[0]}x{expected[1]} was expected; ",
                Argument("image_size", min(expected)),
                " resizes all images.",
            )
        images[i] = pixels
    return Images(images, np.array([label for _, label in files], "int32"))
