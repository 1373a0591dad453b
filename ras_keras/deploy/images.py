"""The images that a user names: which files they are, and what is in them."""

import glob
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ras_keras.data.image_files import UnreadableImage
from ras_keras.data.image_files import read_image as read_any_image
from ras_keras.errors import UserError, first_line

__all__ = ["FORMATS", "SUFFIXES", "UnreadableImage", "find_images", "read_image"]

# Of all that Pillow decodes: a file from anywhere reaches no other decoder.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")


def find_images(arguments: Sequence[str]) -> list[Path]:
    """The files that arguments stand for, in their order, each once.

    Args:
        arguments: each a file; a folder, of which every image at any depth is taken, by
            its name's ending and in the order of names, hidden ones left out; or a
            pattern such as "a/*.png" or "a/**/*.png", which stands for the files and
            folders that it matches.

    Raises:
        UserError: for a missing file, and a folder or pattern without images.
    """
    return list(dict.fromkeys(file for argument in arguments for file in _find(argument)))


def read_image(
    source: Path | BinaryIO, image_shape: tuple[int | None, int | None, int]
) -> np.ndarray:
    """As `ras_keras.data.image_files.read_image`, of `FORMATS` alone."""
    return read_any_image(source, image_shape, FORMATS)


def _find(argument) -> list[Path]:
    path = Path(argument)
    if path.is_dir():
        files = _images_below(path)
        if not files:
            raise UserError(f"{path} holds no images; they end in {', '.join(SUFFIXES)}.")
        return files
    if path.exists():
        return [path]
    if not glob.has_magic(argument):
        raise UserError(f"{argument}: no such file; name images, folders or patterns.")
    try:
        matches = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
    except ValueError as error:
        raise UserError(f"{argument}: {first_line(error)}; correct the pattern.") from error
    files = []
    for match in matches:
        files += _images_below(match) if match.is_dir() else [match]
    if not files:
        raise UserError(f"{argument}: nothing matches this pattern; correct it.")
    return files


def _images_below(folder) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES
        # A link that leads nowhere is named, as whatever else cannot be read.
        and (path.is_file() or path.is_symlink())
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
