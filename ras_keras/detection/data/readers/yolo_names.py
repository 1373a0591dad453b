"""The class names of a YOLO data set: `names` of its data.yaml, or classes.txt."""

import json
import re
from pathlib import Path

from ras_keras.detection.data.readers.text_files import damaged, read_lines
from ras_keras.errors import UserError
from ras_keras.outputs.class_names import Names
from ras_keras.values.typed import WrongValue, typed

QUOTED = r"""'(?:[^']|'')*'|"(?:[^"\\]|\\.)*\""""
# A comment begins at a # that is in no quotes and has a space before it.
COMMENT = re.compile(rf"({QUOTED})|(?:^|\s)#.*$")
ENTRY = re.compile(rf"\s*(?:-\s+|(\d{{1,9}})\s*:\s+)({QUOTED}|[^'\"\s].*?)\s*")
# Of a list or mapping in brackets.
ITEM = re.compile(rf"\s*(?:(\d{{1,9}})\s*:\s*)?({QUOTED}|[^'\",\s][^,]*?)\s*(?:,\s*|$)")
BRACKETS = {"[": "]", "{": "}"}


def read_class_names(folder: Path) -> tuple[str, ...]:
    """The names of the classes, in the order of their numbers.

    Of the YAML language only what lists names is read: a list or a mapping from numbers, on lines
    of their own or in brackets, and comments.

    Args:
        folder: that holds data.yaml or classes.txt.

    Raises:
        UserError: if neither is there, and for one that cannot be read, naming the line.
    """
    data, classes = folder / "data.yaml", folder / "classes.txt"
    if data.exists():
        line, found = _names_in_yaml(data)
        return _checked(data, line, found)
    if classes.exists():
        found = [text.strip() for _, text in read_lines(classes)]
        return _checked(classes, 1, found)
    raise UserError(f"{data} is missing; write it, with the `names` of the classes.")


def _checked(file, line, found) -> tuple[str, ...]:
    try:
        return typed(found, Names)
    except WrongValue as error:
        raise damaged(file, line, f"the class names: {error}") from error


def _names_in_yaml(file: Path) -> tuple[int, list[str]]:
    """The names, and the line at which they begin."""
    lines = [
        (number, text)
        for number, line in read_lines(file)
        if (text := COMMENT.sub(lambda found: found[1] or "", line)).strip()
    ]
    starts = [place for place, (_, text) in enumerate(lines) if re.match(r"names\s*:", text)]
    if len(starts) != 1:
        raise UserError(f"{file} has {len(starts) or 'no'} lists of `names`; give it one.")
    number, text = lines[starts[0]]
    rest = text.partition(":")[2].strip()
    below = lines[starts[0] + 1 :]
    if rest:
        return number, _in_brackets(file, number, rest, below)
    entries = []
    for number, text in below:
        if not text.startswith((" ", "\t", "-")):
            break
        found = ENTRY.fullmatch(text)
        if not found:
            raise damaged(file, number, f"{text.strip()!r} names no class as `- name` or `0: name`")
        entries.append((number, found[1], found[2]))
    return lines[starts[0]][0], _in_order(file, entries)


def _in_brackets(file, number, text, below) -> list[str]:
    """The names in [a, b] or {0: a, 1: b}, which may go on over several lines."""
    closing = BRACKETS.get(text[0], "")
    for _, line in below:
        if text.endswith(closing):
            break
        text += " " + line.strip()
    if not closing or not text.endswith(closing):
        raise damaged(file, number, f"`names` is {text[:60]!r}, no list of names")
    inner, place, entries = text[1:-1].strip(), 0, []
    while place < len(inner):
        found = ITEM.match(inner, place)
        if not found:
            raise damaged(file, number, f"`names` cannot be read at {inner[place:][:60]!r}")
        entries.append((number, found[1], found[2]))
        place = found.end()
    return _in_order(file, entries)


def _in_order(file, entries: list[tuple[int, str | None, str]]) -> list[str]:
    """The names by their numbers, which are their places where there are none."""
    names: dict[int, str] = {}
    for place, (line, key, name) in enumerate(entries):
        number = place if key is None else int(key)
        if number in names:
            raise damaged(file, line, f"class {number} stands twice")
        names[number] = _unquoted(file, line, name)
    for number in range(len(names)):
        if number not in names:
            raise damaged(file, entries[0][0], f"`names` has no class {number}")
    return [names[number] for number in range(len(names))]


def _unquoted(file, line, text) -> str:
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    if not text.startswith('"'):
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise damaged(file, line, f"{text} cannot be read; write it in single quotes") from error
