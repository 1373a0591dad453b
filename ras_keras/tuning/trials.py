"""The trials of a search as rows: of trials.csv, the best one found."""

import math

from ras_keras.text.numbers import accuracy
from ras_keras.tuning.search import Search
from ras_keras.tuning.trial import OBJECTIVE, SD, Trial
from ras_keras.values.csv_files import write_table

TRIAL_COLUMNS = ("trial", "status", "run", OBJECTIVE, SD, "n", "epochs", "seconds")


def rows(trials: list[Trial], seeds: int) -> list[dict]:
    """A row of trials.csv for each trial, in the order in which they began.

    Args:
        trials: of a search.
        seeds: that each was trained with.
    """
    found = []
    for trial in trials:
        row: dict = {
            "trial": trial.number,
            "status": trial.status,
            "run": trial.name,
            "epochs": trial.epochs,
        }
        outcome = trial.outcome or {}
        if OBJECTIVE in outcome:
            row |= {OBJECTIVE: round(outcome["val_accuracy"], 6), "n": seeds}
            if "sd" in outcome:
                row[SD] = round(outcome["sd"], 6)
            row["seconds"] = round(outcome["seconds"], 1)
        found.append(row | trial.values)
    return found


def best_row(table: list[dict]) -> dict | None:
    """The trial with the best objective, the first of equals, None if none has one."""
    return max((row for row in table if OBJECTIVE in row), key=lambda r: r[OBJECTIVE], default=None)


def row_accuracy(row: dict) -> str:
    """The objective of a row, with its standard deviation where there are several seeds."""
    return accuracy(row[OBJECTIVE], row.get(SD), row["n"])


def doubt(table: list[dict], best: dict) -> str | None:
    """Why another trial may be as good as the best one, None if nothing speaks for it.

    Of several seeds the next best trial is within noise where it is less than two standard errors
    of the difference behind.
    """
    others = [row for row in table if row is not best]
    second = best_row(others)
    if second is None:
        return None
    behind = best[OBJECTIVE] - second[OBJECTIVE]
    if not behind:
        return f"trial {second['trial']} is exactly as good"
    if SD not in best:
        return "n = 1: differences below the spread between seeds mean nothing"
    error = math.sqrt((best[SD] ** 2 + second[SD] ** 2) / best["n"])
    if behind > 2 * error:
        return None
    return (
        f"within noise: trial {second['trial']} is {100 * behind:.2f} points behind, and two "
        f"standard errors of the difference are {200 * error:.2f}"
    )


def write_trials(search: Search, table: list[dict]) -> None:
    """trials.csv, whole and of one piece at any moment; what does not apply is empty."""
    empty = dict.fromkeys((*TRIAL_COLUMNS, *search.space.domains))
    write_table(search.folder.file("trials.csv"), [empty | row for row in table])
