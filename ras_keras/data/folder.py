"""A user's own images: PATH/train/CLASS/* and PATH/test/CLASS/*."""

import os
from pathlib import Path
from unicodedata import normalize

import numpy as np

from ras_keras.data.encoded.forms import Stretched, check_size
from ras_keras.data.encoded.sources import Files
from ras_keras.data.files.class_folders import ClassFolders, survey
from ras_keras.data.files.image_files import FILE_FORMATS, named, read_image
from ras_keras.data.fingerprint import digest_of_files
from ras_keras.data.image_dataset import ImageDataset, Images
from ras_keras.data.reading import Reading
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


def load_folder(name: str, path: str, reading: Reading) -> ImageDataset:
    """Reads the images below `path`, or finds out where they lie.

    Args:
        name: of the data set.
        path: the folder that holds train/ and test/.
        reading: how.

    Raises:
        UserError: as `check_folder` does, and for an image that cannot be read or has another size.
    """
    found = survey(path)
    side = reading.image_size
    # The test images must come out at the size of the training images.
    size = read_image(found.train[0][0]).shape[:2] if side is None else (side, side)
    if reading.encoded(len(found.train) + len(found.test), size):
        form = reading.form(Stretched(size, resize=side is not None))
        train, test = (_encoded(each, reading, form) for each in (found.train, found.test))
    else:
        train, test = (_load(each, size, side is not None) for each in (found.train, found.test))
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


def _encoded(files, reading, form) -> Images:
    source = Files([file for file, _ in files])
    return Images(reading.images(source, len(files), form), _labels(files))


def _load(files, size, resize) -> Images:
    wanted = (*size, 3) if resize else (None, None, 3)
    images = np.empty((len(files), *size, 3), "uint8")
    for i, (file, _) in enumerate(files):
        pixels = read_image(file, wanted)
        with named(str(file), FILE_FORMATS):
            check_size(pixels.shape[:2], size)
        images[i] = pixels
    return Images(images, _labels(files))


def _labels(files):
    return np.array([label for _, label in files], "int32")
