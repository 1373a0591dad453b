"""Runs what a table still lacks."""

import time
from pathlib import Path

from ras_keras.backend.devices import strategy
from ras_keras.benchmark.networks.speed import IMAGE_SIZE
from ras_keras.files import locked
from ras_keras.papers.records import RunRecord
from ras_keras.papers.scale import TRAINING_IMAGES
from ras_keras.papers.speeds import IMAGE_SIZES, stored_speeds
from ras_keras.papers.study import Study
from ras_keras.recipes.recipe import Recipe
from ras_keras.training import RunFolder, check_recipe, resolve, train_or_resume
from ras_keras.training.callbacks import Diverged, duration
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


def execute(study: Study, log_dir: Path, output: Path, data: dict) -> None:
    """Trains the runs of a table that have no record yet and keeps their records.

    A run that was cut short goes on. A run whose loss diverges is a result too.

    Args:
        study: what is asked, checked.
        log_dir: of the run folders.
        output: of the records.
        data: fields of a recipe that say where the data lie.

    Raises:
        UserError: if a run cannot be had.
        Interrupted: on Ctrl-C or SIGTERM; the same command goes on.
    """
    runs = {name: resolve(recipe.replace(**data)) for name, recipe in study.runs().items()}
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
            _run_all(missing, log_dir / study.name, records)


def _run_all(missing: dict[str, Recipe], log_dir: Path, records: Path) -> None:
    """Trains the missing runs, with the plan before and the time left between them."""
    speeds = measured_speeds(list(missing.values()))
    expected = {
        name: seconds(recipe, speeds[network_name(recipe)]) for name, recipe in missing.items()
    }
    print_runs({name: duration(time_left) for name, time_left in expected.items()})
    print(f"time     about {duration(sum(expected.values()))}, each run's start and test apart")
    spent = planned = 0.0
    for number, (name, recipe) in enumerate(missing.items(), 1):
        print(f"\n== run {number} of {len(missing)}: {name}", flush=True)
        began = time.perf_counter()
        _run(recipe, log_dir / name, records / name)
        spent += time.perf_counter() - began
        planned += expected[name]
        left = (sum(expected.values()) - planned) * spent / planned
        print(f"== {number} of {len(missing)} runs done, about {duration(left)} left", flush=True)


def _run(recipe: Recipe, path: Path, record: Path) -> None:
    diverged = None
    try:
        result = train_or_resume(recipe, path, strategy=strategy())
        print(f"test accuracy {100 * result['final']['test_accuracy']:.2f} %")
    except Diverged as error:
        diverged = error
        print(f"diverged: {error}")
    RunRecord.keep(RunFolder(path), record, diverged)
