"""The trials of a search as rows: printed, written to trials.csv, the best one found."""

import time

from ras_keras.training.callbacks import duration
from ras_keras.tuning.hypermodel import EPOCHS, EPOCHS_BEFORE, run_name
from ras_keras.tuning.keras_tuner_internals import TrialStatus
from ras_keras.tuning.oracles import OBJECTIVE, Lasting
from ras_keras.tuning.search_folder import SearchFolder
from ras_keras.tuning.space import Space, describe
from ras_keras.values.csv_files import write_table

TRIAL_COLUMNS = ("trial", "status", "run", OBJECTIVE, "epochs", "seconds")


class TrialReport:
    """Prints a line as a trial begins and as it ends, and keeps trials.csv.

    Args:
        folder: of the search.
        space: what is searched.
    """

    def __init__(self, folder: SearchFolder, space: Space):
        self.folder = folder
        self.space = space
        self.started = time.perf_counter()
        self.epochs_done = 0

    def begun(self, oracle: Lasting, trial) -> None:
        values = self.space.values(trial.hyperparameters.values)
        epochs = self._epochs(trial)
        print(f"trial {_place(oracle, trial)}: {describe(values)}, epochs {epochs}", flush=True)

    def ended(self, oracle: Lasting, trial) -> None:
        table = rows(oracle, self.space)
        write_trials(self.folder, self.space, table)
        outcome = (
            f"held-out accuracy {100 * trial.score:.2f} %" if trial.score is not None else "failed"
        )
        self.epochs_done += self._epochs(trial)
        parts = [f"trial {_place(oracle, trial)}: {outcome}"]
        if best := best_row(table):
            parts.append(f"best {100 * best[OBJECTIVE]:.2f} % by trial {best['trial']}")
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


def rows(oracle: Lasting, space: Space) -> list[dict]:
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
            row[OBJECTIVE] = round(trial.score, 6)
            row["seconds"] = round(trial.metrics.get_best_value("seconds"), 1)
        found.append(row | values)
    return found


def best_row(table: list[dict]) -> dict | None:
    """The trial with the best objective, the first of equals, None if none has one."""
    return max((row for row in table if OBJECTIVE in row), key=lambda r: r[OBJECTIVE], default=None)


def write_trials(folder: SearchFolder, space: Space, table: list[dict]) -> None:
    """trials.csv, whole and of one piece at any moment; what does not apply is empty."""
    empty = dict.fromkeys((*TRIAL_COLUMNS, *space.domains))
    write_table(folder.file("trials.csv"), [empty | row for row in table])
