"""A user's own images: PATH/train/CLASS/* and PATH/test/CLASS/*."""

from pathlib import Path

import numpy as np

from ras_keras.data.image_dataset import ImageDataset, Images
from ras_keras.data.image_files import read_image
from ras_keras.data.memory import allocate_images
from ras_keras.errors import UserError

LAYOUT = "PATH/train/CLASS/*.png and PATH/test/CLASS/*.png"


def check_folder(path: str) -> None:
    """Refuses a folder without training and test classes, before anything is read."""
    if not Path(path).is_dir():
        raise UserError(f"--dataset folder:{path}: no such folder; it should hold {LAYOUT}.")
    for split in ("train", "test"):
        if not _classes(Path(path, split)):
            raise UserError(
                f"--dataset folder:{path}: {Path(path, split)} holds no class folders; "
                f"lay the images out as {LAYOUT}."
            )
    unknown = set(_classes(Path(path, "test"))) - set(_classes(Path(path, "train")))
    if unknown:
        raise UserError(
            f"--dataset folder:{path}: class {min(unknown)!r} is in test but not in train; "
            "give it training images or remove it."
        )


def load_folder(path: str, image_size: int | None) -> ImageDataset:
    """Reads the images below `path`, every format that Pillow reads.

    Args:
        path: the folder that holds train/ and test/.
        image_size: height and width to resize to, in pixels; None keeps the
            size that all images share.
    """
    check_folder(path)
    names = _classes(Path(path, "train"))
    train = _load_split(Path(path, "train"), names, image_size)
    # The test images must come out at the size of the training images.
    test = _load_split(Path(path, "test"), names, image_size, expected=train.images.shape[1:3])
    return ImageDataset(f"folder:{path}", train, test, tuple(names))


def _classes(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(
        entry.name for entry in folder.iterdir() if entry.is_dir() and entry.name[0] != "."
    )


def _load_split(folder, names, image_size, expected=None) -> Images:
    from PIL import Image

    readable = set(Image.registered_extensions())
    files = [
        (file, label)
        for label, name in enumerate(names)
        for file in sorted(Path(folder, name).glob("*"))
        if file.suffix.lower() in readable
    ]
    if not files:
        raise UserError(f"{folder} holds no images; lay them out as {LAYOUT}.")
    if image_size is not None:
        expected = (image_size, image_size)
    images = None
    for i, (file, _) in enumerate(files):
        pixels = read_image(file, (image_size, image_size, 3))
        if images is None:
            expected = expected or pixels.shape[:2]
            images = allocate_images(len(files), expected)
        if pixels.shape[:2] != expected:
            raise UserError(
                f"{file} is {pixels.shape[0]}x{pixels.shape[1]} pixels where "
                f"{expected[0]}x{expected[1]} was expected; "
                f"--image-size {min(expected)} resizes all images."
            )
        images[i] = pixels
    return Images(images, np.array([label for _, label in files], "int32"))
