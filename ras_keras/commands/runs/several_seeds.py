"""A recipe trained with several seeds, a run each."""

import statistics
from collections.abc import Callable
from dataclasses import replace

from ras_keras.backend.devices import strategy
from ras_keras.commands.runs.ending import print_result
from ras_keras.commands.runs.stopping import stoppable
from ras_keras.text.numbers import accuracy
from ras_keras.training import Recipe, RunFolder, train_or_resume
from ras_keras.values.field_checks import check_fields


def train_seeds(
    recipe: Recipe, seeds: int, log_dir: str, name: str | None, options: Callable
) -> None:
    """Trains the recipe with its seed and those after it, and prints the mean test accuracy.

    Args:
        recipe: resolved and checked.
        seeds: how many.
        log_dir: folder of the run folders.
        name: before "-s0" in the names of the run folders, of which those that are there go on;
            None makes names from the recipe and the time.
        options: from a run folder to what `train` takes for it.

    Raises:
        UserError: for a seed that is too large, and as `train_or_resume` does.
    """
    first = recipe.execution.seed
    check_fields(replace(recipe.execution, seed=first + seeds - 1))
    found = []
    for seed in range(first, first + seeds):
        of_seed = recipe.replace(seed=seed)
        run = RunFolder.create(log_dir, name and f"{name}-s{seed}", of_seed)
        is_new = not run.file("recipe.json").is_file()

        def clean_up(run=run, is_new=is_new) -> str:
            """Removes a new run that has not begun; says how to go on."""
            begun = run.has_begun()
            if is_new and not begun:
                run.discard()
            if name:
                return "; the same command goes on"
            return f"; {run.path} goes on by --resume" if begun else ""

        with stoppable(clean_up):
            result = train_or_resume(of_seed, run.path, strategy=strategy(), **options(run))
        print_result(result, run)
        found.append(result["best"]["test_accuracy"])
    mean = accuracy(statistics.fmean(found), statistics.stdev(found), seeds)
    print(f"mean     test accuracy {mean} of the best epochs, seeds {first} to {first + seeds - 1}")
