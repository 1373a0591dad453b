"""A search from beginning to end."""

from functools import partial

from ras_keras.cluster.jobs import Executor, Job, WorkersDied, run_jobs
from ras_keras.errors import Argument, UserError
from ras_keras.locks import locked
from ras_keras.tuning.event_log import EventLog
from ras_keras.tuning.picture import plot_search
from ras_keras.tuning.progress import Progress
from ras_keras.tuning.report import TrialReport
from ras_keras.tuning.search import Outcome, Search
from ras_keras.tuning.tensorboard import write_search
from ras_keras.tuning.trial import FirstEpoch, Trial, train_trial
from ras_keras.tuning.trials import best_row, doubt, rows, write_trials
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
    search.folder.begin(search.space, search.algorithm, search.seeds)
    with (
        locked(search.folder.path),
        Progress.of(search, EventLog(search.folder.file("log.jsonl"))) as progress,
    ):
        write_search(search.folder.path, search.space)
        _run_trials(search, progress, executor)
        table = rows(progress.trials, search.seeds)
        write_trials(search, table)
        return _conclude(search, table)


def _run_trials(search: Search, progress: Progress, executor: Executor) -> None:
    report = TrialReport(search, progress, executor.slots)
    unfinished = progress.unfinished()
    trials: dict[str, Trial] = {}
    callbacks = []
    if executor.shows_output and len(unfinished) == len(progress.trials):
        callbacks = [FirstEpoch(progress.planned_epochs * search.seeds)]

    def next_job():
        trial = unfinished.pop(0) if unfinished else progress.next_trial()
        if trial is None:
            return None
        path = search.folder.file(trial.name)
        recipe = search.space.recipe(trial.values | {"epochs": trial.epochs})
        job = Job(
            f"trial {trial.number}: {trial.name}",
            partial(train_trial, recipe, trial.values, path, search.seeds, callbacks),
            search.folder.file(f"{trial.name}.log"),
            trial.own_epochs,
        )
        trials[job.name] = trial
        report.begun(trial, job)
        return job

    def ended(job, result):
        trial = trials.pop(job.name)
        try:
            outcome = result()
        except WorkersDied as error:
            outcome = {"failed": str(error)}
        progress.end(trial, outcome)
        report.ended(trial, job)

    run_jobs(executor, next_job, ended)


def _conclude(search: Search, table: list[dict]) -> Outcome:
    best = best_row(table)
    if best is None:
        raise UserError(
            f"no trial of {search.folder.path} came to its end: all {len(table)} diverged or killed"
            " their workers (trials.csv says which); lower ",
            Argument("learning_rate"),
            ", or its range, under another ",
            Argument("name"),
            ".",
        )
    plot_search(table, best, search.space, search.folder.file("search.png"))
    values = {name: best[name] for name in search.space.domains if name in best}
    recipe = search.full_recipe(values)
    write_json(search.folder.file("best_recipe.json"), recipe.to_dict())
    return Outcome(best, recipe, search.folder.file("best"), doubt(table, best))
