"""The trials of a search as rows: of trials.csv, the best one found."""

import math

from ras_keras.text.numbers import accuracy
from ras_keras.tuning.search import OBJECTIVE, Search
from ras_keras.tuning.trial import Trial
from ras_keras.values.csv_files import write_table

COLUMNS = ("trial", "status", "run", OBJECTIVE, "sd", "n", "epochs", "seconds")
# Of the figures of a trial that came to its end.
DIGITS = {OBJECTIVE: 6, "sd": 6, "seconds": 1}


def write_trials(search: Search, trials: list[Trial]) -> list[dict]:
    """Writes trials.csv, whole and of one piece at any moment; what does not apply is empty.

    Returns:
        Its rows, one for each trial in the order in which they began, without what is empty.
    """
    rows = []
    for trial in trials:
        row = {
            "trial": trial.number,
            "status": trial.status,
            "run": trial.name,
            "epochs": trial.epochs,
        }
        outcome: dict = {**(trial.outcome or {})}
        row |= {name: round(outcome[name], DIGITS[name]) for name in DIGITS if name in outcome}
        if OBJECTIVE in outcome:
            row["n"] = search.seeds
        rows.append(row | trial.values)
    empty = dict.fromkeys((*COLUMNS, *search.space.domains))
    write_table(search.file("trials.csv"), [empty | row for row in rows])
    return rows


def best_row(rows: list[dict]) -> dict | None:
    """The trial with the best objective, the first of equals, None if none has one."""
    return max((row for row in rows if OBJECTIVE in row), key=lambda r: r[OBJECTIVE], default=None)


def row_accuracy(row: dict) -> str:
    """The objective of a row, with its standard deviation where there are several seeds."""
    return accuracy(row[OBJECTIVE], row.get("sd"), row["n"])


def doubt(rows: list[dict], best: dict) -> str | None:
    """Why another trial may be as good as the best one, None if nothing speaks for it.

    Of several seeds the next best trial is within noise where it is less than two standard errors
    of the difference behind.
    """
    second = best_row([row for row in rows if row is not best])
    if second is None:
        return None
    behind = best[OBJECTIVE] - second[OBJECTIVE]
    if not behind:
        return f"trial {second['trial']} is exactly as good"
    if "sd" not in best:
        return "n = 1: differences below the spread between seeds mean nothing"
    error = math.sqrt((best["sd"] ** 2 + second["sd"] ** 2) / best["n"])
    if behind > 2 * error:
        return None
    return (
        f"within noise: trial {second['trial']} is {100 * behind:.2f} points behind, and two "
        f"standard errors of the difference are {200 * error:.2f}"
    )
