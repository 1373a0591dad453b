"""What a YOLO data set says of itself: its classes, and where the images of its splits lie."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ras_keras.backend.imports import check_installed
from ras_keras.detection.data.readers.splits import SPLITS, TEST, TRAIN
from ras_keras.detection.data.readers.text_files import damaged, read_lines, read_text
from ras_keras.errors import UserError, first_line
from ras_keras.outputs.class_names import Names
from ras_keras.values.typed import WrongValue, in_short, typed

# The folder, in the path of an image, in whose place the boxes lie, and theirs.
IMAGES, LABELS = "images", "labels"


@dataclass(frozen=True)
class Declaration:
    """What data.yaml, or classes.txt, says.

    Attributes:
        class_names: in the order of their numbers.
        images: the folder of each split's images, by the split's name; one that the file does not
            name need not exist.
    """

    class_names: tuple[str, ...]
    images: Mapping[str, Path]


def read_declaration(folder: Path) -> Declaration:
    """What the data set of a folder says of itself.

    Args:
        folder: that holds data.yaml, with a list of `names` or a mapping from numbers to them, or
            classes.txt, with a name on each line. data.yaml may also say where the images of
            `train`, `val` and `test` lie; otherwise they lie in images/train, val and test.

    Raises:
        UserError: if neither is there, for one that cannot be read, naming the line, and for a
            split of data.yaml that is no folder of its own.
    """
    data, classes = folder / "data.yaml", folder / "classes.txt"
    if data.exists():
        return _read_yaml(data)
    if classes.exists():
        names = [text.strip() for _, text in read_lines(classes)]
        return Declaration(_checked(classes, 1, names), _usual(folder))
    raise UserError(f"{data} is missing; write it, with the `names` of the classes.")


def boxes_of(images: Path) -> Path:
    """The folder of boxes that belongs to a folder of images."""
    last = len(images.parts) - 1 - images.parts[::-1].index(IMAGES)
    return Path(*images.parts[:last], LABELS, *images.parts[last + 1 :])


def _checked(file, line, found) -> tuple[str, ...]:
    try:
        return typed(found, Names)
    except WrongValue as error:
        raise damaged(file, line, f"the class names: {error}") from error


def _usual(folder: Path) -> dict[str, Path]:
    return {split: folder / IMAGES / split for split in SPLITS}


def _read_yaml(file: Path) -> Declaration:
    content, lines = _parse(file)
    named = {split: content[split] for split in SPLITS if content.get(split) is not None}
    root, found = _places(file, lines, named, content.get("path"))
    usual = _usual(root)
    # Training images are read whether they are named or not.
    read = {TRAIN: usual[TRAIN]} | found
    for split, folder in found.items():
        for other, its in read.items():
            if other != split and _same(folder, its):
                raise UserError(
                    f"{file}, line {lines.get(split, 1):,}: `{split}` is {in_short(named[split])}, "
                    f"the folder of `{other}` too; give it images of its own, or leave it out."
                )
    for split in usual.keys() - named.keys() - read.keys():
        if not any(_same(usual[split], folder) for folder in found.values()):
            read[split] = usual[split]
    if "names" not in content:
        raise UserError(f"{file} has no `names`; write the names of the classes there.")
    names, line = content["names"], lines.get("names", 1)
    if isinstance(names, dict):
        missing = [number for number in range(len(names)) if number not in names]
        if missing:
            raise damaged(file, line, f"`names` has no class {missing[0]}, by its number")
        names = [names[number] for number in range(len(names))]
    return Declaration(_checked(file, line, names), read)


def _places(
    file: Path, lines: dict[str, int], named: dict, root: object
) -> tuple[Path, dict[str, Path]]:
    """The place that splits are named from, and their folders; test images may be missing there.

    It is `path`, which often is another machine's, or the file's own. Roboflow's files have
    `../train/images` for train/images beside them.
    """
    here = file.parent
    if not named:
        return here, {}
    roots = [here / root, here] if isinstance(root, str) else [here]
    needed = [split for split in named if split != TEST] or [*named]
    for above in ("../", ""):
        for each in roots:
            folders = {split: _folder(each, named[split], above, here) for split in named}
            if all(folders[split] for split in needed):
                return each, {split: folder for split, folder in folders.items() if folder}
    lost = next((each for each in needed if not _folder(here, named[each], "../", here)), needed[0])
    raise UserError(
        f"{file}, line {lines.get(lost, 1):,}: `{lost}` is {in_short(named[lost])}, no folder of "
        f"images; name one, as {IMAGES}/{lost} or {lost}/{IMAGES}, whose boxes lie in {LABELS} in "
        f"place of {IMAGES}."
    )


def _folder(root: Path, value: object, above: str, here: Path) -> Path | None:
    """A folder of images that a value names as seen from a root, None if it names none."""
    if not isinstance(value, str):
        return None
    found, here = (
        Path(os.path.normpath(each)) for each in (root / value.removeprefix(above), here)
    )
    parts = found.relative_to(here).parts if found.is_relative_to(here) else found.parts
    # Never an error, as Path's own may be.
    there = os.path.isdir(found)  # noqa: PTH112
    return found if there and IMAGES in parts else None


def _same(*folders: Path) -> bool:
    return len({os.path.normpath(Path.cwd() / each) for each in folders}) == 1


def _parse(file: Path) -> tuple[dict, dict[str, int]]:
    """What a file says, and the lines of its outermost keys."""
    check_installed(f"reading {file.name}", ["yaml"], "detection")
    import yaml

    text = read_text(file)
    try:
        content, top = yaml.safe_load(text), yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise damaged(file, line, f"it is no YAML: {error.problem}") from error
    # A value that is none of its type, such as a date, may fail in any way.
    except Exception as error:
        raise damaged(file, 1, f"it is no YAML: {first_line(error)}") from error
    if top is None or not isinstance(content, dict):
        raise damaged(file, 1, f"it is {in_short(content)}, no `names: [...]`")
    for key, value in top.value:
        if key.value == "names" and isinstance(value, yaml.MappingNode):
            _lines_of(file, value)
    return content, _lines_of(file, top)


def _lines_of(file, mapping) -> dict[str, int]:
    """The lines of a mapping's keys, none of which stands twice: PyYAML keeps the last."""
    lines: dict[str, int] = {}
    for key, _ in mapping.value:
        line = key.start_mark.line + 1
        if key.value in lines:
            raise damaged(file, line, f"{in_short(key.value)} stands twice")
        lines[key.value] = line
    return lines
