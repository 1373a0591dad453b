"""The images that a user names: which files they are."""

import glob
from collections.abc import Sequence
from pathlib import Path

from ras_keras.data.files.image_files import FORMATS, UnreadableImage, read_image
from ras_keras.data.files.image_paths import (
    SUFFIXES,
    SYSTEM_FOLDERS,
    counted,
    folders_below,
    images_below,
)
from ras_keras.errors import UserError

__all__ = ["FORMATS", "SUFFIXES", "UnreadableImage", "find_images", "read_image"]

# Of a pattern: this folder and all below.
ANY_DEPTH = "**"


def find_images(arguments: Sequence[str]) -> list[Path]:
    """The files that arguments stand for, in their order, each once.

    Args:
        arguments: each a file; a folder, of which every image at any depth is taken, by
            its name's ending and in the order of names, links followed, hidden ones left out; or
            a pattern such as "a/*.png" or "a/**/*.png", which stands for the files and
            folders that it matches, likewise.

    Returns:
        Files, and what is to be named as unreadable: folders that cannot be listed, links that
        lead nowhere.

    Raises:
        UserError: for an empty argument, a missing file, and a folder or pattern without images.
    """
    return list(dict.fromkeys(file for argument in arguments for file in _find(argument)))


def _find(argument) -> list[Path]:
    if not argument:
        raise UserError("an empty argument names no image; leave it out, or write . for a folder.")
    path = Path(argument)
    if path.is_dir():
        return _images_below(path)
    if path.exists() or path.is_symlink():
        return [path]
    if not glob.has_magic(argument):
        raise UserError(f"{argument}: no such file; name images, folders or patterns.")
    matches = sorted({Path(match) for match in _matching(path.parts)})
    # That * matches no name with a dot before it, glob itself sees to.
    matches = [match for match in matches if match.name == path.name or not _of_system(match)]
    if not matches:
        raise UserError(f"{argument}: nothing matches this pattern; correct it.")
    files = [
        file for match in matches for file in (_all_below(match) if match.is_dir() else [match])
    ]
    if not files:
        raise UserError(f"{argument} matches folders that hold no images; correct it.")
    return files


def _of_system(match) -> bool:
    return match.name.lower() in SYSTEM_FOLDERS


def _images_below(folder) -> list[Path]:
    files = _all_below(folder)
    if not files:
        passed_over = counted(images_below(folder).passed_over)
        besides = f" but {passed_over}" if passed_over else ""
        raise UserError(f"{folder} holds no images{besides}; they end in {', '.join(SUFFIXES)}.")
    return files


def _all_below(folder) -> list[Path]:
    found = images_below(folder)
    return sorted([*found.files, *found.unreadable])


def _matching(parts: Sequence[str]) -> list[str]:
    """What the parts of a pattern match; as in a shell, * matches no hidden names."""
    if ANY_DEPTH not in parts:
        return glob.glob(str(Path(*parts)))  # noqa: PTH207, Path.glob takes hidden files
    depth = parts.index(ANY_DEPTH)
    tops = _matching(parts[:depth]) if depth else ["."]
    rest = parts[depth + 1 :]
    if not rest:
        return tops
    return [
        match
        for top in tops
        if Path(top).is_dir()
        for folder, _ in folders_below(Path(top))
        for match in _matching((glob.escape(str(folder)), *rest))
    ]
