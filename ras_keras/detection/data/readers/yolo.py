"""Data sets in YOLO's form: a text file for each image, a line for each box."""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from ras_keras.data.files.image_files import FILE_FORMATS, named
from ras_keras.data.files.image_paths import images_below
from ras_keras.detection.data.readers.splits import SPLITS, TRAIN, Split, check_stems, refuse_alone
from ras_keras.detection.data.readers.text_files import damaged, files_below, read_lines
from ras_keras.detection.data.readers.yolo_declaration import boxes_of, read_declaration
from ras_keras.errors import UserError

LAYOUT = "PATH/data.yaml or PATH/classes.txt, PATH/images/train/* and PATH/labels/train/*.txt"
FORM = "`class x y width height`, the centre and sides relative to the image"
# By which a relative value may be beyond 0 and 1 because it is rounded.
ROUNDING = 0.01
# Of EXIF: how an image is to be turned, and the ways that change height and width.
ORIENTATION, ON_ITS_SIDE = 0x0112, (5, 6, 7, 8)


def read_yolo(folder: Path, wanted: Sequence[str] = SPLITS) -> dict[str, Split]:
    """The splits whose images lie in PATH/images/train, val and test, or where data.yaml says.

    The boxes of PATH/images/train/a.jpg are the lines `class x y width height` of
    PATH/labels/train/a.txt, those of PATH/train/images/a.jpg of PATH/train/labels/a.txt: the class
    by its number, the centre and the sides of the box relative to the image. That of an image
    without objects is empty.

    Args:
        folder: PATH.
        wanted: names of splits.

    Returns:
        The wanted splits that there are, by their names.

    Raises:
        UserError: for a file that is missing or damaged, naming it and the line, and for an image
            without such a file or the other way round.
    """
    declared = read_declaration(folder)
    return {
        name: _split(images, boxes_of(images), declared.class_names)
        for name, images in declared.images.items()
        if name in wanted and (name == TRAIN or images.is_dir())
    }


def _split(images: Path, labels: Path, names) -> Split:
    for folder in (images, labels):
        if not folder.is_dir():
            raise UserError(f"{folder} is missing; restore it.")
    split = Split(images, names)
    found = images_below(images)
    for lost in found.unreadable:
        raise UserError(f"{lost} cannot be read; mend or remove it.")
    split.paths = found.files
    below = [path.relative_to(images) for path in split.paths]
    names = [path.with_suffix("").as_posix() for path in below]
    check_stems(split.paths, names)
    split.ids = [*names]
    files = [labels / path.with_suffix(".txt") for path in below]
    there = files_below(labels, ".txt")
    # LabelImg leaves its list of names there.
    alone = (file for file in there - {*files} if file.name != "classes.txt")
    refuse_alone(alone, f"its image is missing in {images}; restore it or remove the file.")
    without = (path for path, file in zip(split.paths, files, strict=True) if file not in there)
    refuse_alone(
        without, f"no .txt of its name in {labels}; write an empty one where there are no objects."
    )
    split.sizes = _sizes(split.paths)
    for place, file in enumerate(files):
        _add(split, place, file)
    return split


def _add(split: Split, place: int, file: Path) -> None:
    """Adds the boxes of an image."""
    height, width = split.sizes[place]
    for line, text in read_lines(file):
        values = text.split()
        if len(values) != 5:
            raise damaged(file, line, f"it has {len(values)} values, not five")
        split.labels.append(_label(file, line, values[0], split.class_names))
        x, y, w, h = (_share(file, line, each) for each in values[1:])
        split.boxes.append(
            ((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height)
        )
        split.owners.append(place)
        split.crowd.append(False)
        split.areas.append(None)


def _label(file, line, text, names) -> int:
    # Python's integers may have signs and underscores.
    label = int(text) if text.isdecimal() and len(text) < 10 else -1
    if not 0 <= label < len(names):
        raise damaged(file, line, f"class {text!r} is no integer from 0 to {len(names) - 1}")
    return label


def _share(file, line, text) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not -ROUNDING <= value <= 1 + ROUNDING:
        raise damaged(file, line, f"{text!r} is no number from 0 to 1, relative to the image")
    return value


def _sizes(paths) -> list[tuple[int, int]]:
    """Height and width of images, upright, from the headers of their files."""
    with ThreadPoolExecutor() as readers:
        found = readers.map(_size, paths)
        return [*tqdm(found, "reading sizes", len(paths), unit="image", leave=False, delay=2)]


def _size(path: Path) -> tuple[int, int]:
    from PIL import Image

    with named(str(path), FILE_FORMATS), Image.open(path, formats=FILE_FORMATS) as image:
        width, height = image.size
        turned = image.getexif().get(ORIENTATION) in ON_ITS_SIDE
    return (width, height) if turned else (height, width)
