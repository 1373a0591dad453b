"""The trials of a search as rows: printed, written to trials.csv, the best one found."""

import math

from ras_keras.cluster.jobs import Job, Pace
from ras_keras.text.numbers import accuracy
from ras_keras.training.callbacks import duration
from ras_keras.tuning.progress import Progress
from ras_keras.tuning.search import Search
from ras_keras.tuning.space import describe
from ras_keras.tuning.trial import OBJECTIVE, SD, Trial
from ras_keras.values.csv_files import write_table

TRIAL_COLUMNS = ("trial", "status", "run", OBJECTIVE, SD, "n", "epochs", "seconds")


class TrialReport:
    """Prints a line as a trial begins and as it ends, and keeps trials.csv.

    Args:
        search: what is searched.
        progress: of the search.
        slots: trials that run at a time.
    """

    def __init__(self, search: Search, progress: Progress, slots: int):
        self.search = search
        self.progress = progress
        self.pace = Pace(slots)

    def begun(self, trial: Trial, job: Job) -> None:
        self.pace.begin(job)
        print(
            f"trial {trial.number} of {self.progress.planned}: {describe(trial.values)}, epochs "
            f"{trial.own_epochs}",
            flush=True,
        )

    def ended(self, trial: Trial, job: Job) -> None:
        self.pace.end(job)
        trials = self.progress.trials
        table = rows(trials, self.search.seeds)
        write_trials(self.search, table)
        row = table[trial.number - 1]
        failed = f"failed: {(trial.outcome or {}).get('failed')}"
        outcome = f"held-out accuracy {row_accuracy(row)}" if OBJECTIVE in row else failed
        parts = [f"trial {trial.number} of {self.progress.planned}: {outcome}"]
        if best := best_row(table):
            parts.append(f"best {accuracy(best[OBJECTIVE])} by trial {best['trial']}")
        done = sum(each.outcome is not None for each in trials)
        begun = sum(each.own_epochs for each in trials)
        left = self.pace.left(max(0, self.progress.planned_epochs - begun))
        parts.append(
            f"{done} of {self.progress.planned} done, about {duration(left)} left for the search"
        )
        print("  ".join(parts), flush=True)


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
    if SD not in best:
        return "n = 1: differences below the spread between seeds mean nothing"
    behind = best[OBJECTIVE] - second[OBJECTIVE]
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
