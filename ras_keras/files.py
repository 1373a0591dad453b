"""Files that are whole or not there, and tables in them."""

import contextlib
import csv
import os
from collections.abc import Mapping
from pathlib import Path

from ras_keras.errors import UserError, first_line

AGAIN = "give the same command again, in a training with --resume"


def write_atomically(path: Path, write, remedy: str = AGAIN) -> None:
    """Calls `write` with a temporary path and puts the result in place of `path`.

    Args:
        path: of the file.
        write: called with the temporary path.
        remedy: what a user does once the disk is mended.

    Raises:
        UserError: if the disk is full or cannot be written; `path` is as it was.
    """
    temporary = path.with_name(f".{path.stem}.tmp{path.suffix}")
    try:
        write(temporary)
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise UserError(
            f"{path} cannot be written ({error.strerror or error}); mend that, then {remedy}."
        ) from error


def write_rows(path: Path, rows: list[dict]) -> None:
    """Writes a CSV file whose columns are the keys of the first row.

    Raises:
        UserError: if it cannot be written.
    """

    def write(file):
        with file.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0], restval="")
            writer.writeheader()
            writer.writerows(rows)

    write_atomically(path, write)


def read_rows(path: Path, columns: Mapping[str, type] | None = None) -> list[dict]:
    """Reads a CSV file, an empty cell as None.

    Args:
        path: of the file.
        columns: the type of each column, str, int or float; None if all are
            numbers.

    Raises:
        UserError: naming the file, and the line and column of what is wrong in
            it.
    """
    try:
        with path.open(newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            names = reader.fieldnames or []
            missing = [name for name in columns or () if name not in names]
            if missing or not names:
                raise UserError(f"{path} has no column {missing[0] if missing else 'at all'}.")
            return [_typed(row, columns, path, reader.line_num) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read ({first_line(error)}).") from error


def _typed(row, columns, path, line) -> dict:
    if None in row or None in row.values():
        raise UserError(f"{path}, line {line}, has more or fewer cells than the first line.")
    found = {}
    for name, text in row.items():
        convert = columns.get(name, str) if columns is not None else float
        try:
            found[name] = convert(text) if text else None
        except ValueError:
            raise UserError(
                f"{path}, line {line}: {name} must be "
                f"{'an integer' if convert is int else 'a number'}. Received: {text!r}"
            ) from None
    return found
