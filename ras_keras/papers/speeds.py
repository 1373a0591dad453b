"""Speeds that `scripts/benchmark.py` once measured."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from ras_keras.benchmark.file import read_benchmark
from ras_keras.benchmark.networks.key import completed, identity
from ras_keras.benchmark.networks.speed import IMAGE_SIZE
from ras_keras.errors import UserError
from ras_keras.recipes.recipe import Recipe
from ras_keras.recipes.resolving import resolve
from ras_keras.values.options import name_of

IMAGE_SIZES = {"stl10": 96}
SETUP = ["what", "family", "network", "image_size", "batch_size", "precision"]


# From a recipe, "inference" or "training", and the name of a table to images a second; None if
# nobody has measured its network.
Speed = Callable[[Recipe, str, str], float | None]


def stored_speeds(output: Path, leave_out: Callable[[UserError], None] | None = None) -> Speed:
    """Looks networks up in the benchmarks of a folder.

    Args:
        output: the folder, such as results.
        leave_out: called with what is wrong with a benchmark that is left out; None raises it.

    Returns:
        A function from a recipe, what is done and a table to the median images a second of its
        network, at its data set's image size and its batch size, in its precision and compiled as
        `--jit auto` does on the device; None if that has not been measured. Benchmarks named after
        the table, such as rivals-training, come first: its networks were timed in turn.

    Raises:
        UserError: if a benchmark's file cannot be right.
    """
    known: dict[str, dict[tuple, float]] = {}
    for file in benchmark_files(output):
        try:
            measured = read_benchmark(file)
        except UserError as error:
            if leave_out is None:
                raise
            leave_out(error)
            continue
        if "ratio_to_plain_median" in measured:
            known[file.stem] = _speeds(measured)

    def speed(recipe: Recipe, what: str, table: str) -> float | None:
        recipe = resolve(recipe)
        size = IMAGE_SIZES.get(recipe.data.dataset, IMAGE_SIZE)
        setup = recipe.optimization.batch_size, recipe.execution.precision
        key = (what, *identity(recipe.network), size, *setup)
        of_table = sorted(known, key=lambda name: not name.startswith(f"{table}-"))
        return next((known[name][key] for name in of_table if key in known[name]), None)

    return speed


def _speeds(measured: pd.DataFrame) -> dict[tuple, float]:
    """The first speed of each network and setup, compiled as is the device's default."""
    automatic = measured["device"].str.startswith("CPU").map({True: "off", False: "on"})
    chosen = measured[measured["jit"] == automatic]
    families = chosen["model"].map(name_of)
    keys = [completed(*each) for each in zip(families, chosen["network"], strict=True)]
    chosen = chosen.assign(family=families, network=keys).drop_duplicates(SETUP)
    return chosen.set_index(SETUP)["images_per_second_median"].to_dict()


def benchmark_files(output: Path) -> list[Path]:
    """The CSV files of a folder that are not those of a table, which has a folder of its name."""
    return [file for file in sorted(output.glob("*.csv")) if not file.with_suffix("").is_dir()]
