"""Measure the speed of the input pipeline."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ras_keras.commands.flags import parse_with_recipe
from ras_keras.errors import UserError
from ras_keras.report.data_speed import pipeline_speed, training_speed
from ras_keras.training import RECIPES, Recipe, resolve
from ras_keras.training.prepared_data import load_data


@dataclass(frozen=True)
class Benchmark:
    """Measure the input pipeline: alone, and its share of a training step."""

    recipe: Recipe = field(default_factory=lambda: RECIPES["paper"])
    repeats: int = 5
    """Measurements, of which the median counts."""
    steps: int = 20
    """Training steps a measurement."""


def main(arguments: Sequence[str], program: str) -> None:
    options = parse_with_recipe(Benchmark, arguments, program)
    if min(options.repeats, options.steps) < 1:
        raise UserError(
            f"--repeats and --steps must be >= 1. Received: {options.repeats} and {options.steps}"
        )
    options.recipe.check()
    recipe = resolve(options.recipe)
    data = load_data(recipe)
    speeds = pipeline_speed(data.batches, options.repeats)
    print(
        f"pipeline alone        median {speeds.median:,.0f} images/s "
        f"({speeds.low:,.0f} to {speeds.high:,.0f}, n={options.repeats})",
        flush=True,
    )
    speeds, shares = training_speed(recipe, data, options.repeats, options.steps)
    print(
        f"training at depth {recipe.depth:<4} median {speeds.median:,.0f} images/s "
        f"({speeds.low:,.0f} to {speeds.high:,.0f}, n={options.repeats})"
    )
    print(
        f"waiting for data      median {100 * shares.median:.2f} % of a training step "
        f"({100 * shares.low:.2f} to {100 * shares.high:.2f}, n={options.repeats})"
    )
