"""What lies in a user's own folder: its classes, their images, and what is passed over."""

import os
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ras_keras.data.files.image_paths import (
    HIDDEN,
    SUFFIXES,
    counted,
    images_below,
    is_hidden,
    leads_nowhere,
)
from ras_keras.errors import Argument, UserError
from ras_keras.outputs.class_names import is_name
from ras_keras.outputs.class_order import listed

LAYOUT = "PATH/train/CLASS/*.png and PATH/test/CLASS/*.png"
BESIDE = "beside the class folders"
DEEPER = "in folders below the classes"


@dataclass(frozen=True)
class ClassFolders:
    """The classes of a folder and their images.

    Attributes:
        names: of the classes, in their order and in Unicode's normal form C.
        train: the training images, each with its label.
        test: the test images, likewise.
        notices: what was passed over or may be a mistake, a sentence each.
    """

    names: tuple[str, ...]
    train: list[tuple[Path, int]]
    test: list[tuple[Path, int]]
    notices: tuple[str, ...]


def survey(path: str) -> ClassFolders:
    """Looks for classes and images below `path`; no image is opened.

    Raises:
        UserError: for a folder without two classes, a class without training images, a test class
            that is not trained on, a name that no model can hold, and what cannot be listed.
    """
    if not Path(path).is_dir():
        raise _error(
            path,
            f"no such folder; it should hold {LAYOUT}. ",
            Argument("data_dir"),
            " names one that was moved.",
        )
    passed_over: Counter[str] = Counter()
    train, test = (_class_folders(path, split, passed_over) for split in ("train", "test"))
    _check(path, train, test)
    names = tuple(sorted(train))
    images: dict[str, list] = {"train": [], "test": []}
    lacking = []
    for label, name in enumerate(names):
        files = _images(path, train[name], passed_over)
        if not files:
            raise _error(path, f"class {name!r} has no training images: {_why(train[name])}.")
        images["train"] += [(file, label) for file in files]
        files = _images(path, test[name], passed_over) if name in test else []
        images["test"] += [(file, label) for file in files]
        if not files:
            lacking.append(name)
    if not images["test"]:
        raise _error(path, f"test holds no images of its classes; lay them out as {LAYOUT}.")
    return ClassFolders(names, **images, notices=_notices(path, names, passed_over, lacking))


def _class_folders(path, split, passed_over) -> dict[str, Path]:
    """The folders of the classes, by name; what else lies beside them is counted."""
    place, found = Path(path, split), {}
    for entry in _entries(path, place) if place.is_dir() else ():
        # File systems change the form of a name.
        name = unicodedata.normalize("NFC", entry.name)
        if is_hidden(name):
            passed_over[HIDDEN] += 1
        elif leads_nowhere(entry):
            raise _error(path, f"{entry} is a link that leads nowhere; mend or remove it.")
        elif not entry.is_dir():
            passed_over[BESIDE] += 1
        elif name in found:
            raise _error(path, f"{place} holds {name!r} in two forms of Unicode; make it one.")
        else:
            found[name] = entry
    if not found:
        raise _error(path, f"{place} holds no class folders; lay the images out as {LAYOUT}.")
    return found


def _entries(path, place):
    try:
        return sorted(place.iterdir())
    except OSError as error:
        raise _error(path, f"{place} cannot be listed ({error.strerror}); mend that.") from error


def _check(path, train, test):
    """Refuses classes that cannot be told apart or written down, before files are looked for."""
    unknown = sorted(test.keys() - train.keys())
    if unknown:
        raise _error(
            path,
            f"class {unknown[0]!r} is in test but not in train; give it training images or remove "
            "it.",
        )
    for name in train:
        if not is_name(name):
            raise _error(
                path,
                f"the class folder {name!r} has a name that cannot be written down; rename it in "
                "train and test, in UTF-8 and without tabs, line breaks and control characters.",
            )
    if len(train) < 2:
        raise _error(path, f"its one class is {min(train)!r}; a classifier needs two or more.")
    owners: dict[str, str] = {}
    for name, folder in train.items():
        other = owners.setdefault(os.path.realpath(folder), name)
        if other != name:
            raise _error(path, f"{train[other]} and {folder} are one folder; give each its own.")


def _images(path, folder, passed_over) -> list[Path]:
    """The images in a class's folder itself; what else lies there and below is counted."""
    found = images_below(folder)
    for lost in found.unreadable:
        if lost == folder or (lost.parent == folder and leads_nowhere(lost)):
            raise _error(path, f"{lost} cannot be read; mend or remove it.")
    files = [file for file in found.files if file.parent == folder]
    passed_over.update(found.passed_over)
    passed_over.update({DEEPER: len(found.files) + len(found.unreadable) - len(files)})
    return files


def _why(folder) -> str:
    """Why a class's folder has no images, and the way out."""
    found = images_below(folder)
    if found.files:
        lie = f"{len(found.files):,} lie in folders below it, such as {found.files[0].parent}"
        return f"{lie}; move them into {folder}"
    holds = counted(found.passed_over) or "nothing"
    return f"{folder} holds {holds}; images end in {', '.join(SUFFIXES)}"


def _notices(path, names, passed_over, lacking) -> tuple[str, ...]:
    notices = []
    if +passed_over:
        notices.append(f"passed over in {path}: {counted(+passed_over)}")
    if lacking:
        notices.append(f"no test images of {listed(lacking)}")
    if os.path.realpath(Path(path, "train")) == os.path.realpath(Path(path, "test")):
        notices.append("train and test are one folder: the test is on images trained on")
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(" ".join(name.casefold().split()).rstrip("."), []).append(name)
    notices += [
        f"the classes {listed(same)} differ by case, spaces or dots alone"
        for same in alike.values()
        if len(same) > 1
    ]
    return tuple(notices)


def _error(path, *what) -> UserError:
    return UserError(Argument("dataset", f"folder:{path}"), ": ", *what)
