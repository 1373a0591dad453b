"""The class names of a YOLO data set: `names` of its data.yaml, or classes.txt."""

import os
from pathlib import Path

from ras_keras.backend.imports import check_installed
from ras_keras.detection.data.readers.splits import SPLITS
from ras_keras.detection.data.readers.text_files import damaged, read_lines, read_text
from ras_keras.errors import UserError, first_line
from ras_keras.outputs.class_names import Names
from ras_keras.values.typed import WrongValue, in_short, typed


def read_class_names(folder: Path) -> tuple[str, ...]:
    """The names of the classes, in the order of their numbers.

    Args:
        folder: that holds data.yaml, with a list of `names` or a mapping from numbers to them, or
            classes.txt, with a name on each line.

    Raises:
        UserError: if neither is there, for one that cannot be read, naming the line, and for a
            data.yaml that has a split elsewhere than in images/train, images/val or images/test.
    """
    data, classes = folder / "data.yaml", folder / "classes.txt"
    if data.exists():
        return _names_in_yaml(data)
    if classes.exists():
        return _checked(classes, 1, [text.strip() for _, text in read_lines(classes)])
    raise UserError(f"{data} is missing; write it, with the `names` of the classes.")


def _checked(file, line, found) -> tuple[str, ...]:
    try:
        return typed(found, Names)
    except WrongValue as error:
        raise damaged(file, line, f"the class names: {error}") from error


def _names_in_yaml(file: Path) -> tuple[str, ...]:
    content, lines = _read_yaml(file)
    for split in SPLITS:
        _check_place(file, lines.get(split, 1), split, content)
    if "names" not in content:
        raise UserError(f"{file} has no `names`; write the names of the classes there.")
    names, line = content["names"], lines.get("names", 1)
    if isinstance(names, dict):
        missing = [number for number in range(len(names)) if number not in names]
        if missing:
            raise damaged(file, line, f"`names` has no class {missing[0]}, by its number")
        names = [names[number] for number in range(len(names))]
    return _checked(file, line, names)


def _check_place(file: Path, line: int, split: str, content: dict) -> None:
    """Refuses a split that lies elsewhere than it is read from.

    It may be named as seen from the file or from `path`, which often is another machine's.
    """
    value, root = content.get(split), content.get("path")
    if value is None:
        return
    places = [file.parent, file.parent / root] if isinstance(root, str) else [file.parent]
    named = [os.path.normpath(Path.cwd() / each / value) for each in places if type(value) is str]
    if os.path.normpath(Path.cwd() / file.parent / "images" / split) not in named:
        raise UserError(
            f"{file}, line {line:,}: `{split}` is {in_short(value)}, and images are read from "
            f"images/{split} beside this file; move them there, their boxes to labels/{split}, and "
            f"write images/{split}."
        )


def _read_yaml(file: Path) -> tuple[dict, dict[str, int]]:
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
