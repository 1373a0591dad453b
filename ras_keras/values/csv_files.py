"""CSV files whose columns are known: what is written is read again, and nonsense is named."""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from ras_keras.errors import UserError, first_line
from ras_keras.files import write_atomically
from ras_keras.values.text import read_text
from ras_keras.values.typed import WrongValue, describe, finite, in_short

RESTORE = "restore the file, or make it anew"


def write_table(path: Path, rows: Sequence[Mapping]) -> None:
    """Writes rows, whole or not at all; a number that is not finite is written as nothing.

    Raises:
        UserError: if the file cannot be written; it is as it was.
    """
    # Of objects: an integer stays one where others of its column are missing.
    table = pd.DataFrame([*map(finite, rows)], dtype=object)
    write_atomically(path, lambda file: table.to_csv(file, index=False, lineterminator="\r\n"))


def read_table(path: Path, columns: Mapping | Callable[[list[str]], Mapping]) -> pd.DataFrame:
    """The rows of a file, each value of its type.

    Args:
        path: of the file.
        columns: what each column holds, as `typed` has it: int, float, str, `Literal`, one of
            them in `Annotated`, or None too for a column that may be empty; or a function that
            says so of the names of the columns.

    Raises:
        UserError: naming the file, and the line and column that cannot be
            right.
    """
    texts = _read(path)
    header = [*texts.iloc[0]]
    if callable(columns):
        columns = columns(header)
    missing = [name for name in columns if name not in header]
    unknown = [name for name in header if name not in columns]
    if missing or unknown or len(header) != len({*header}):
        wrong = "a column stands there twice"
        for names, what in ((unknown, "unknown"), (missing, "missing")):
            wrong = f"column {in_short(names[0])} is {what}" if names else wrong
        raise UserError(f"{path} does not have its columns ({wrong}); {RESTORE}.")
    if len(texts) == 1:
        raise UserError(f"{path} holds no row; {RESTORE}.")
    lines = texts.iloc[1:].set_axis(header, axis="columns")
    for line in lines.index[lines.isna().any(axis="columns")]:
        raise UserError(
            f"{path}, line {line + 1} has not the {len(header)} values of its columns; {RESTORE}."
        )
    typed = {name: _typed(path, lines[name], kind) for name, kind in columns.items()}
    return pd.DataFrame(typed).fillna(float("nan")).infer_objects()


def _read(path: Path) -> pd.DataFrame:
    """The cells as text, the header in the first row; what a line has too little of is missing."""
    try:
        if path.exists() and not path.is_file():
            raise UserError(f"{path} is no file; name a CSV file.")
        # The other engine reads quotes in wrong places as something.
        return pd.read_csv(
            path, header=None, dtype=str, engine="python", encoding="utf-8-sig", na_filter=False
        )
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; name a CSV file.") from error
    except (csv.Error, ValueError) as error:
        raise UserError(f"{path} is no CSV file ({first_line(error)}); {RESTORE}.") from error


def _typed(path, texts, kind) -> list:
    found = []
    for line, text in texts.items():
        try:
            found.append(read_text(text, kind, nothing=""))
        except WrongValue as error:
            raise UserError(
                f"{path}, line {line + 1}, column {texts.name}: {in_short(text)} is not "
                f"{describe(kind)}; {RESTORE}."
            ) from error
    return found
