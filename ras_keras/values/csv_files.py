"""CSV files whose columns are known: what is written is read again, and nonsense is named."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from ras_keras.errors import UserError, first_line
from ras_keras.files import write_atomically
from ras_keras.values.text import read_text
from ras_keras.values.typed import WrongValue, describe, finite, in_short

RESTORE = "restore the file, or make it anew"


def write_rows(path: Path, rows: Sequence[Mapping]) -> None:
    """Writes rows whose columns are the keys of the first one, whole or not at all.

    A number that is not finite is written as nothing.

    Raises:
        UserError: if the file cannot be written; it is as it was.
    """

    def write(file):
        with file.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, rows[0], restval="")
            writer.writeheader()
            writer.writerows(map(finite, rows))

    write_atomically(path, write)


def read_header(path: Path) -> list[str]:
    """The names of a file's columns.

    Raises:
        UserError: if it cannot be read.
    """
    return _read(path)[0]


def read_rows(path: Path, columns: Mapping[str, object], others: object = None) -> list[dict]:
    """The rows of a file, each value of its type.

    Args:
        path: of the file.
        columns: what each column holds, as `typed` has it: int, float, str, `Literal`, one of
            them in `Annotated`, or None too for a column that may be empty.
        others: likewise, of columns that are not named; None if there may be none.

    Raises:
        UserError: naming the file, and the line and column that cannot be
            right.
    """
    header, rows = _read(path)
    if others is not None:
        columns = {**dict.fromkeys(header, others), **columns}
    missing = [name for name in columns if name not in header]
    unknown = [name for name in header if name not in columns]
    if missing or unknown or len(header) != len({*header}):
        wrong = "a column stands there twice"
        for names, what in ((unknown, "unknown"), (missing, "missing")):
            wrong = f"column {in_short(names[0])} is {what}" if names else wrong
        raise UserError(f"{path} does not have its columns ({wrong}); {RESTORE}.")
    if not rows:
        raise UserError(f"{path} holds no row; {RESTORE}.")
    return [_typed(f"{path}, line {line}", columns, row) for line, row in enumerate(rows, 2)]


def _read(path):
    try:
        if path.exists() and not path.is_file():
            raise UserError(f"{path} is no file; name a CSV file.")
        with path.open(newline="", encoding="utf-8-sig") as stream:
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
    for name, kind in columns.items():
        try:
            row[name] = read_cell(texts[name], kind)
        except WrongValue as error:
            raise UserError(
                f"{where}, column {name}: {in_short(texts[name])} is not {describe(kind)}; "
                f"{RESTORE}."
            ) from error
    return row


def read_cell(text: str, kind: type):
    """What a cell says.

    Args:
        text: of the cell.
        kind: of its column, as in `read_rows`.

    Raises:
        WrongValue: if it says nothing of the kind.
    """
    return read_text(text, kind, nothing="")
