"""The trials of a search as rows: printed, written to trials.csv, the best one found."""

import math
import time

from ras_keras.text.numbers import accuracy
from ras_keras.training.callbacks import duration
from ras_keras.tuning.hypermodel import EPOCHS, EPOCHS_BEFORE, run_name
from ras_keras.tuning.keras_tuner_internals import TrialStatus
from ras_keras.tuning.oracles import OBJECTIVE, SD, Lasting
from ras_keras.tuning.search_folder import SearchFolder
from ras_keras.tuning.space import Space, describe
from ras_keras.values.csv_files import write_table

TRIAL_COLUMNS = ("trial", "status", "run", OBJECTIVE, SD, "n", "epochs", "seconds")


class TrialReport:
    """Prints a line as a trial begins and as it ends, and keeps trials.csv.

    Args:
        folder: of the search.
        space: what is searched.
        seeds: that each trial is trained with.
    """

    def __init__(self, folder: SearchFolder, space: Space, seeds: int):
        self.folder = folder
        self.space = space
        self.seeds = seeds
        self.started = time.perf_counter()
        self.epochs_done = 0

    def begun(self, oracle: Lasting, trial) -> None:
        values = self.space.values(trial.hyperparameters.values)
        epochs = self._epochs(trial)
        print(f"trial {_place(oracle, trial)}: {describe(values)}, epochs {epochs}", flush=True)

    def ended(self, oracle: Lasting, trial) -> None:
        table = rows(oracle, self.space, self.seeds)
        write_trials(self.folder, self.space, table)
        row = next(row for row in table if row["trial"] == _number(trial))
        outcome = f"held-out accuracy {row_accuracy(row)}" if OBJECTIVE in row else "failed"
        self.epochs_done += self._epochs(trial)
        parts = [f"trial {_place(oracle, trial)}: {outcome}"]
        if best := best_row(table):
            parts.append(f"best {accuracy(best[OBJECTIVE])} by trial {best['trial']}")
        left = max(0, oracle.planned_epochs - sum(map(self._epochs, oracle.ended)))
        pace = (time.perf_counter() - self.started) / self.epochs_done
        parts.append(f"about {duration(pace * left)} left for the search")
        print("  ".join(parts), flush=True)

    def _epochs(self, trial) -> int:
        """Those that are trained in a trial."""
        values = trial.hyperparameters.values
        return values.get(EPOCHS, self.space.fixed.optimization.epochs) - values.get(
            EPOCHS_BEFORE, 0
        )


def _place(oracle, trial) -> str:
    return f"{_number(trial)} of {oracle.planned}"


def _number(trial) -> int:
    return int(trial.trial_id) + 1


def rows(oracle: Lasting, space: Space, seeds: int) -> list[dict]:
    """A row of trials.csv for each trial, in the order in which they began."""
    found = []
    for trial in sorted(oracle.trials.values(), key=_number):
        values = space.values(trial.hyperparameters.values)
        row = {
            "trial": _number(trial),
            "status": trial.status.lower(),
            "run": run_name(values),
            "epochs": trial.hyperparameters.values.get(EPOCHS, space.fixed.optimization.epochs),
        }
        if trial.status == TrialStatus.COMPLETED:
            row |= {OBJECTIVE: round(trial.score, 6), "n": seeds}
            if seeds > 1:
                row[SD] = round(trial.metrics.get_best_value(SD), 6)
            row["seconds"] = round(trial.metrics.get_best_value("seconds"), 1)
        found.append(row | values)
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


def write_trials(folder: SearchFolder, space: Space, table: list[dict]) -> None:
    """trials.csv, whole and of one piece at any moment; what does not apply is empty."""
    empty = dict.fromkeys((*TRIAL_COLUMNS, *space.domains))
    write_table(folder.file("trials.csv"), [empty | row for row in table])
