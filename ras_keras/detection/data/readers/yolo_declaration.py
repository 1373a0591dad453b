"""What a YOLO data set says of itself: its classes, and where the images of its splits lie."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ras_keras.backend.imports import check_installed
from ras_keras.detection.data.readers.splits import SPLITS
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
        images: the folder of each split's images, by the split's name; it need not exist where the
            file does not name it.
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
    usual = {split: folder / IMAGES / split for split in SPLITS}
    if data.exists():
        return _read_yaml(data, usual)
    if classes.exists():
        names = [text.strip() for _, text in read_lines(classes)]
        return Declaration(_checked(classes, 1, names), usual)
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


def _read_yaml(file: Path, usual: dict[str, Path]) -> Declaration:
    content, lines = _parse(file)
    images = dict(usual)
    for split in SPLITS:
        if (value := content.get(split)) is not None:
            images[split] = _place(file, lines[split], split, value, content.get("path"))
            _check_alone(file, lines[split], split, value, images)
    if "names" not in content:
        raise UserError(f"{file} has no `names`; write the names of the classes there.")
    names, line = content["names"], lines["names"]
    if isinstance(names, dict):
        missing = [number for number in range(len(names)) if number not in names]
        if missing:
            raise damaged(file, line, f"`names` has no class {missing[0]}, by its number")
        names = [names[number] for number in range(len(names))]
    return Declaration(_checked(file, line, names), images)


def _place(file: Path, line: int, split: str, value: object, root: object) -> Path:
    """The folder of images that a split is said to be.

    It may be named as seen from the file or from `path`, which often is another machine's, and
    Roboflow's files have `../train/images` for train/images beside them.
    """
    here, usual = file.parent, file.parent / IMAGES / split
    if isinstance(value, str) and "\0" not in f"{value}{root}":
        roots = [here, here / root] if isinstance(root, str) else [here]
        named = [each / text for text in (value, value.removeprefix("../")) for each in roots]
        if any(_same(each, usual) for each in named):
            return usual
        for each in map(Path, map(os.path.normpath, named)):
            if IMAGES in each.parts and each.is_dir():
                return each
    raise UserError(
        f"{file}, line {line:,}: `{split}` is {in_short(value)}, no folder of images; name one, as "
        f"{IMAGES}/{split} or {split}/{IMAGES}, whose boxes lie in {LABELS} in place of {IMAGES}."
    )


def _check_alone(file: Path, line: int, split: str, value, images: dict[str, Path]) -> None:
    """Refuses a split that is the folder of another one."""
    for other, folder in images.items():
        if other != split and _same(folder, images[split]):
            raise UserError(
                f"{file}, line {line:,}: `{split}` is {in_short(value)}, the folder of `{other}` "
                "too; give it images of its own, or leave it out."
            )


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
