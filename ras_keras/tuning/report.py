"""What a search says of its trials while it runs."""

from ras_keras.cluster.jobs import Job, Pace
from ras_keras.text.numbers import accuracy
from ras_keras.training.callbacks import duration
from ras_keras.tuning.progress import Progress
from ras_keras.tuning.search import Search
from ras_keras.tuning.space import describe
from ras_keras.tuning.trial import OBJECTIVE, Trial
from ras_keras.tuning.trials import best_row, row_accuracy, rows, write_trials


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
