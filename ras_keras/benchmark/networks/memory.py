"""How much memory networks take, beside the plain network."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from tqdm import tqdm

from ras_keras.backend.imports import import_modules
from ras_keras.benchmark.machine import machine
from ras_keras.benchmark.networks.speed import (
    INFERENCE,
    TRAINING,
    build,
    network_columns,
    step_of,
    synthetic_batch,
)
from ras_keras.errors import Argument, UserError
from ras_keras.recipes.recipe import Recipe
from ras_keras.training.memory import peak_memory

MEMORY = (INFERENCE, TRAINING)


def memory_rows(
    recipes: Sequence[Recipe], classes: int, steps: int, beside: Sequence[int]
) -> list[dict]:
    """A row for each network, as `ras_keras.benchmark.columns` describes it.

    Each measurement has a process of its own, because the most that a process has ever held
    falls no more.

    Args:
        recipes: resolved.
        classes: of the classifiers.
        steps: batches that are predicted, and trained on.
        beside: the place in `recipes` of the network that each is compared with.

    Raises:
        UserError: if a process is killed.
    """
    measured: dict[str, list[int]] = {what: [] for what in MEMORY}
    for recipe in tqdm(recipes, desc="networks"):
        for what in MEMORY:
            with ProcessPoolExecutor(1, get_context("spawn")) as process:
                measurement = process.submit(_peak_bytes, recipe, what, classes, steps)
                try:
                    measured[what].append(measurement.result())
                except BrokenProcessPool as error:
                    raise UserError(
                        f"the {what} of {recipe.network.describe_model()} with "
                        f"{recipe.network.describe_plugs()} was killed, for want of memory "
                        "perhaps; lower ",
                        Argument("batch_size", recipe.optimization.batch_size),
                        ".",
                    ) from error
    return [
        network_columns(recipe, classes)
        | {"batch_size": recipe.optimization.batch_size, "steps": steps}
        | {f"{what}_peak_bytes": measured[what][number] for what in MEMORY}
        | {
            f"{what}_ratio_to_plain": round(measured[what][number] / measured[what][first], 3)
            for what in MEMORY
        }
        | machine()
        for number, (recipe, first) in enumerate(zip(recipes, beside, strict=True))
    ]


def _peak_bytes(recipe: Recipe, what: str, classes: int, steps: int) -> int:
    """The most bytes that this process held, after some steps of a network."""
    import_modules(recipe.network.imports)
    model = build(recipe, classes)
    images, labels = synthetic_batch(recipe, classes)
    step = step_of(what, model, images, labels)
    for _ in range(steps):
        step()
    return peak_memory()
