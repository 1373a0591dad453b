"""The CSV files that `scripts/benchmark.py` writes."""

import json
import os
from pathlib import Path

import pandas as pd

from ras_keras.benchmark.columns import most_alike
from ras_keras.benchmark.spread import STATISTICS
from ras_keras.errors import Argument, UserError
from ras_keras.values.csv_files import RESTORE, read_table


def check_output(path: Path, name: str = "output", ending: str = ".csv") -> None:
    """Refuses a file that could not be written, before anything is measured.

    Args:
        path: of the file.
        name: of the argument that it was given by.
        ending: that it must have.

    Raises:
        UserError: naming it and what is in the way.
    """
    given = Argument(name, path)
    if path.suffix.lower() != ending:
        raise UserError(given, f" names no {ending[1:].upper()} file; end it in {ending}.")
    if not path.parent.is_dir():
        raise UserError(given, f": there is no folder {path.parent}; make it first.")
    if path.is_dir():
        raise UserError(given, " is a folder; name a file in it.")
    if not os.access(path.parent, os.W_OK):
        raise UserError(given, f": {path.parent} cannot be written; choose another folder.")


def read_benchmark(path: Path) -> pd.DataFrame:
    """The rows of a file that `scripts/benchmark.py --output` wrote, each value of its type.

    Raises:
        UserError: naming the file, and the row and column that cannot be right.
    """
    table = read_table(path, most_alike)
    for line, row in enumerate(table.to_dict("records"), start=2):
        wrong = _contradiction(row)
        if wrong:
            raise UserError(f"{path}, line {line}, column {wrong}; {RESTORE}.")
    return table


def _contradiction(row: dict) -> str | None:
    """A column that others contradict, in words; None if there is none."""
    depth = row.get("depth")
    depth = None if pd.isna(depth) else depth
    if "network" in row and json.loads(row["network"]).get("depth") != depth:
        return f"depth: {row['depth']} is not the depth of the column network"
    for name in [each.removesuffix("_low") for each in row if each.endswith("_low")]:
        median, low, high = found = [row[f"{name}_{each}"] for each in STATISTICS]
        if any(map(pd.isna, found)):
            if not all(map(pd.isna, found)) or not row["not_measured"]:
                return f"{name}_median: a figure is missing"
        elif not low <= median <= high:
            return f"{name}_median: {median} is not between the lowest and the highest"
    return None
