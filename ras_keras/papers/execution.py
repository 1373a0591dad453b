"""Runs what a table still lacks."""

from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from ras_keras.benchmark.networks.speed import IMAGE_SIZE
from ras_keras.cluster.jobs import Executor, Job, Pace, WorkersDied, run_jobs
from ras_keras.locks import locked
from ras_keras.papers.records import RunRecord
from ras_keras.papers.scale import TRAINING_IMAGES
from ras_keras.papers.speeds import IMAGE_SIZES, stored_speeds
from ras_keras.papers.study import Study
from ras_keras.recipes.recipe import Recipe
from ras_keras.text.numbers import duration
from ras_keras.training import RunFolder, check_recipe, resolve, train_here
from ras_keras.training.callbacks import Diverged
from ras_keras.training.memory import released
from ras_keras.training.network import recipe_data, recipe_network
from ras_keras.training.plan import measure

# No plan names more runs than this one by one.
LISTED = 40


def print_plan(study: Study, output: Path) -> None:
    """Says what a table takes, from what is stored alone: no data, no measurement.

    Args:
        study: what is asked, checked.
        output: of records and benchmarks, which give the times.

    Raises:
        UserError: if a record or a benchmark is damaged.
    """
    speed = stored_speeds(output)
    print(study.title)
    runs = study.runs()
    missing, total, unknown = {}, 0.0, 0
    for name, recipe in runs.items():
        if RunRecord.find(output / study.name / name, recipe) is None:
            known = speed(recipe, "training", study.table)
            total += seconds(recipe, known) if known else 0
            unknown += known is None
            missing[name] = duration(seconds(recipe, known)) if known else "unknown"
    print_runs(missing)
    print(f"{len(runs)} runs, {len(runs) - len(missing)} of them finished")
    if unknown:
        print(
            f"time     unknown for {unknown} of them: {output} has no benchmark of their training "
            f"speed ({_benchmark(study, output)})"
            f"{f'; {duration(total)} for the others' if total else ''}"
        )
    elif missing:
        print(f"time     about {duration(total)}, each run's start and test apart")


def _benchmark(study: Study, output: Path) -> str:
    """The command that measures the training speed of a study's networks."""
    scale, parts = study.scale, ["benchmark.py training"]
    name = "training"
    if scale.depth is None and study.gammas == (0.0,):
        name = f"{study.table}-training"
        parts += ["--table", study.table]
    if scale.batch_size is not None:
        parts += ["--batch-size", str(scale.batch_size)]
    sizes = {IMAGE_SIZES.get(dataset, IMAGE_SIZE) for dataset in study.datasets} - {IMAGE_SIZE}
    if len(study.datasets) == 1 and sizes:
        parts += ["--image-size", str(*sizes)]
    return " ".join([*parts, "--output", f"{output}/{name}.csv"])


def print_runs(times: dict[str, str]) -> None:
    """Lists runs with the time that each takes."""
    for name, time_left in list(times.items())[:LISTED]:
        print(f"  {name}: {time_left}")
    if len(times) > LISTED:
        print(f"  ... and {len(times) - LISTED} more")


def network_name(recipe: Recipe) -> str:
    """What a recipe's speed depends on; the options of its attention change it little."""
    return (
        f"{recipe.network.describe_model()}, {recipe.network.attention_name}, on "
        f"{recipe.data.dataset}, batches of {recipe.optimization.batch_size}"
    )


def seconds(recipe: Recipe, images_per_second: float) -> float:
    """How long a run takes, its start and its test apart."""
    images = recipe.data.training_images or TRAINING_IMAGES[recipe.data.dataset]
    return recipe.optimization.epochs * images / images_per_second


def measured_speeds(recipes: list[Recipe]) -> dict[str, float]:
    """Images a second in training of one recipe of each network, from a few steps.

    Args:
        recipes: resolved ones.
    """
    first = {}
    for recipe in recipes:
        first.setdefault(network_name(recipe), recipe)
    speeds = {}
    for name, recipe in first.items():
        with released():
            data = recipe_data(recipe)
            speeds[name] = 1 / measure(recipe_network(recipe, data), data.batches)
        print(f"speed    {speeds[name]:,.0f} images/s: {name}")
    return speeds


def execute(
    study: Study,
    log_dir: Path,
    output: Path,
    data: dict,
    executor: AbstractContextManager[Executor],
) -> None:
    """Trains the runs of a table that have no record yet and keeps their records.

    A run that was cut short goes on. A run whose loss diverges is a result too.

    Args:
        study: what is asked, checked.
        log_dir: of the run folders.
        output: of the records.
        data: fields of a recipe that say where the data lie.
        executor: that trains the runs; entered once they are checked, if any is missing.

    Raises:
        UserError: if a run cannot be had, or killed its workers.
        Interrupted: on Ctrl-C or SIGTERM; the same command goes on.
    """
    runs = {name: recipe.replace(**data) for name, recipe in study.runs().items()}
    records = output / study.name
    missing = {
        name: recipe
        for name, recipe in runs.items()
        if RunRecord.find(records / name, recipe) is None
    }
    print(study.title)
    print(f"{len(runs) - len(missing)} of {len(runs)} runs are finished", flush=True)
    # A check builds a small network: once for each row is enough.
    for recipe in {recipe.replace(seed=0) for recipe in missing.values()}:
        check_recipe(recipe)
    for folder in (records, log_dir / study.name):
        folder.mkdir(parents=True, exist_ok=True)
    with locked(log_dir / study.name):
        study.write(records)
        if missing:
            with executor as running:
                _run_all(missing, log_dir / study.name, records, running)


def _run_all(missing: dict[str, Recipe], log_dir: Path, records: Path, executor: Executor) -> None:
    """Trains the missing runs, with the plan before and the time left between them."""
    expected = _plan(missing, executor)
    pace = Pace(executor.slots)
    jobs = [
        Job(
            name,
            partial(_run, recipe, log_dir / name, records / name),
            log_dir / f"{name}.log",
            work,
            partial(_share_done, RunFolder(log_dir / name), recipe.optimization.epochs),
        )
        for (name, recipe), work in zip(missing.items(), expected, strict=True)
    ]
    waiting, deaths = list(jobs), []
    # Between them is what the runs print.
    mark = "\n== " if executor.shows_output else ""

    def next_job():
        if not waiting:
            return None
        job = waiting.pop(0)
        print(f"{mark}run {len(jobs) - len(waiting)} of {len(jobs)}: {job.name}", flush=True)
        pace.begin(job)
        return job

    def ended(job, result):
        try:
            outcome = result()
        except WorkersDied as error:
            deaths.append(error)
            outcome = f"not done: {error}"
        pace.end(job)
        done = len(jobs) - len(waiting) - len(pace.begun)
        print(f"{job.name}: {outcome}")
        print(f"{mark.lstrip()}{done} of {len(jobs)} runs done, {left()} left", flush=True)

    def left():
        return pace.left(sum(each.work for each in waiting))

    def print_progress():
        print(f"{pace.under_way()}, {left()} left", flush=True)

    run_jobs(executor, next_job, ended, print_progress)
    if deaths:
        raise deaths[0]


def _share_done(run: RunFolder, epochs: int) -> float:
    return min(1.0, run.epochs_trained() / epochs)


def _plan(missing: dict[str, Recipe], executor: Executor) -> list[float]:
    """Says what is to be done; returns how much each run is.

    In this process in seconds, from a few steps of each network; of workers, which have other
    devices, in images.
    """
    if not executor.shows_output:
        print_runs({name: "to be run" for name in missing})
        return [seconds(recipe, 1.0) for recipe in missing.values()]
    recipes = [resolve(recipe) for recipe in missing.values()]
    speeds = measured_speeds(recipes)
    expected = [seconds(recipe, speeds[network_name(recipe)]) for recipe in recipes]
    print_runs(dict(zip(missing, map(duration, expected), strict=True)))
    print(f"time     about {duration(sum(expected))}, each run's start and test apart")
    return expected


def _run(recipe: Recipe, path: Path, record: Path) -> str:
    """Trains a run and keeps its record; returns what came out in words."""
    diverged = None
    try:
        result = train_here(recipe, path)
        outcome = f"test accuracy {100 * result['final']['test_accuracy']:.2f} %"
    except Diverged as error:
        diverged = error
        outcome = f"diverged: {error}"
    RunRecord.keep(RunFolder(path), record, diverged)
    return outcome
