"""CSV files whose columns are known: what is written is read again, and nonsense is named."""

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ras_keras.errors import UserError, first_line
from ras_keras.files import write_atomically

RESTORE = "restore the file, or make it anew"


@dataclass(frozen=True)
class Cell:
    """What a column holds.

    Attributes:
        read: from the text of a cell; raises a ValueError for what is none.
        what: in words, for messages.
    """

    read: Callable[[str], object]
    what: str


def _count(text: str) -> int:
    if int(text) < 1:
        raise ValueError
    return int(text)


def _natural(text: str) -> int:
    if int(text) < 0:
        raise ValueError
    return int(text)


def _finite(text: str) -> float:
    if not math.isfinite(float(text)):
        raise ValueError
    return float(text)


def _at_least_0(text: str) -> float:
    if _finite(text) < 0:
        raise ValueError
    return float(text)


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError
    return text


def one_of(*names: str) -> Cell:
    """A column that holds one of some names."""
    # `tuple.index` raises a ValueError.
    return Cell(lambda text: names[names.index(text)], f"one of {', '.join(names)}")


def or_empty(cell: Cell) -> Cell:
    """A column that may also be empty, which is read as None."""
    return Cell(lambda text: cell.read(text) if text else None, f"{cell.what}, or empty")


COUNT = Cell(_count, "an integer >= 1")
NATURAL = Cell(_natural, "an integer >= 0")
NUMBER = Cell(_at_least_0, "a number >= 0")
ANY_NUMBER = Cell(_finite, "a number")
TEXT = Cell(_text, "a text")
ANYTHING = Cell(str, "a text or empty")


def write_rows(path: Path, rows: Sequence[Mapping]) -> None:
    """Writes rows whose columns are the keys of the first one, whole or not at all.

    Raises:
        UserError: if the file cannot be written; it is as it was.
    """

    def write(file):
        with file.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, rows[0], restval="")
            writer.writeheader()
            writer.writerows(rows)

    write_atomically(path, write)


def read_header(path: Path) -> list[str]:
    """The names of a file's columns.

    Raises:
        UserError: if it cannot be read.
    """
    return _read(path)[0]


def read_rows(path: Path, columns: Mapping[str, Cell] | None = None) -> list[dict]:
    """The rows of a file, each value of its type.

    Args:
        path: of the file.
        columns: what each column holds; None if every one holds numbers or is
            empty.

    Raises:
        UserError: naming the file, and the line and column that cannot be
            right.
    """
    header, rows = _read(path)
    if columns is None:
        columns = dict.fromkeys(header, or_empty(ANY_NUMBER))
    missing = [name for name in columns if name not in header]
    unknown = [name for name in header if name not in columns]
    if missing or unknown or len(header) != len({*header}):
        wrong = f"column {unknown[0]!r} is unknown" if unknown else "a column stands there twice"
        wrong = f"column {missing[0]!r} is missing" if missing else wrong
        raise UserError(f"{path} does not have its columns ({wrong}); {RESTORE}.")
    if not rows:
        raise UserError(f"{path} holds no row; {RESTORE}.")
    return [_typed(f"{path}, line {line}", columns, row) for line, row in enumerate(rows, 2)]


def _read(path):
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream, strict=True)
            return reader.fieldnames or [], list(reader)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; name a CSV file.") from error
    except (csv.Error, ValueError) as error:
        raise UserError(f"{path} is no CSV file ({first_line(error)}); {RESTORE}.") from error


def _typed(where, columns, texts):
    # DictReader keeps what is too much under None, and gives None for what is too little.
    if None in texts or None in texts.values():
        raise UserError(f"{where} has not the {len(columns)} values of its columns; {RESTORE}.")
    row = {}
    for name, cell in columns.items():
        try:
            row[name] = cell.read(texts[name])
        except (ValueError, OverflowError) as error:
            raise UserError(
                f"{where}, column {name}: {texts[name]!r} is not {cell.what}; {RESTORE}."
            ) from error
    return row
