"""A search from beginning to end."""

import tempfile
from collections.abc import Callable
from functools import partial

from ras_keras.cluster.jobs import Executor, Job, Pace, WorkersDied, run_jobs
from ras_keras.errors import Argument, UserError
from ras_keras.locks import locked
from ras_keras.text.numbers import accuracy
from ras_keras.tuning.event_log import EventLog
from ras_keras.tuning.picture import plot_search
from ras_keras.tuning.progress import Progress
from ras_keras.tuning.search import OBJECTIVE, Outcome, Search
from ras_keras.tuning.space import describe
from ras_keras.tuning.tensorboard import write_search, write_trial
from ras_keras.tuning.trial import FirstEpoch, Trial, TrialResult, share_done, train_trial
from ras_keras.tuning.trials import best_row, doubt, row_accuracy, write_trials
from ras_keras.values.json_files import write_json


def run_search(search: Search, executor: Executor) -> Outcome:
    """Runs what is left of a search.

    A trial that was under way when the search was stopped goes on first of all. One whose loss
    diverges, or that kills its workers, has failed, and the search goes on.

    Args:
        search: what to do.
        executor: that runs the trials.

    Raises:
        UserError: if another process is at it, its state is damaged, or no trial came to its end.
    """
    search.create_folder()
    with locked(search.path), tempfile.TemporaryDirectory(prefix="keras-tuner-") as place:
        progress = Progress(search, EventLog(search.file("log.jsonl")), place)
        write_search(search.path, search.space)
        jobs = TrialJobs(search, progress, executor)
        run_jobs(executor, jobs.next, jobs.ended, jobs.print_progress)
        return _conclude(search, write_trials(search, progress.trials))


class TrialJobs:
    """The trials of a search as jobs; prints a line as one begins and as it ends."""

    def __init__(self, search: Search, progress: Progress, executor: Executor):
        self.search = search
        self.progress = progress
        self.pace = Pace(executor.slots)
        self.unfinished = progress.unfinished()
        self.running: dict[str, Trial] = {}
        self.callbacks = []
        if executor.shows_output and len(self.unfinished) == len(progress.trials):
            self.callbacks = [FirstEpoch(progress.planned_epochs * search.seeds)]

    def next(self) -> Job | None:
        trial = self.unfinished.pop(0) if self.unfinished else self.progress.next_trial()
        if trial is None:
            return None
        search = self.search
        path = search.file(trial.name)
        recipe = search.space.recipe(trial.values | {"epochs": trial.epochs})
        job = Job(
            f"trial {trial.number}: {trial.name}",
            partial(train_trial, recipe, path, search.seeds, self.callbacks),
            search.file(f"{trial.name}.log"),
            trial.own_epochs,
            partial(share_done, path, search.seeds, trial),
        )
        self.running[job.name] = trial
        self.pace.begin(job)
        print(
            f"trial {trial.number} of {self.progress.planned}: {describe(trial.values)}, epochs "
            f"{trial.own_epochs}",
            flush=True,
        )
        return job

    def ended(self, job: Job, result: Callable[[], TrialResult]) -> None:
        trial, progress = self.running.pop(job.name), self.progress
        try:
            outcome = result()
        except WorkersDied as error:
            outcome = {"failed": str(error)}
        self.pace.end(job)
        if OBJECTIVE in outcome:
            path = self.search.file(trial.name)
            write_trial(path, trial.values, outcome[OBJECTIVE], trial.epochs)
        progress.end(trial, outcome)
        rows = write_trials(self.search, progress.trials)
        row, best = rows[trial.number - 1], best_row(rows)
        failed = f"failed: {outcome.get('failed')}"
        said = f"held-out accuracy {row_accuracy(row)}" if OBJECTIVE in row else failed
        parts = [f"trial {trial.number} of {progress.planned}: {said}"]
        if best:
            parts.append(f"best {accuracy(best[OBJECTIVE])} by trial {best['trial']}")
        done = len(progress.trials) - len(progress.unfinished())
        parts.append(f"{done} of {progress.planned} done, {self._left()} left for the search")
        print("  ".join(parts), flush=True)

    def print_progress(self) -> None:
        """Of the trials that run."""
        print(f"{self.pace.under_way()}, {self._left()} left for the search", flush=True)

    def _left(self) -> str:
        begun = sum(each.own_epochs for each in self.progress.trials)
        return self.pace.left(max(0, self.progress.planned_epochs - begun))


def _conclude(search: Search, rows: list[dict]) -> Outcome:
    best = best_row(rows)
    if best is None:
        raise UserError(
            f"no trial of {search.path} came to its end: all {len(rows)} diverged or killed their "
            "workers (trials.csv says which); lower ",
            Argument("learning_rate"),
            ", or its range, under another ",
            Argument("name"),
            ".",
        )
    plot_search(rows, best, search.space, search.file("search.png"))
    values = {name: best[name] for name in search.space.domains if name in best}
    recipe = search.full_recipe(values)
    write_json(search.file("best_recipe.json"), recipe.to_dict())
    return Outcome(best, values, recipe, doubt(rows, best))
