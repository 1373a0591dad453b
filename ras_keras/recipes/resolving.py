"""What a recipe leaves to the data set, the device and the environment."""

import dataclasses
from typing import TypeVar

from ras_keras.backend import devices
from ras_keras.recipes.recipe import Recipe

T = TypeVar("T")


def resolve(recipe: Recipe) -> Recipe:
    """Fills in what a recipe leaves to the data set, the protocol, the device and the environment.

    Raises:
        UserError: for a model or an option that does not exist.
    """
    batch_size = 16 if recipe.data.dataset == "stl10" else 128
    return dataclasses.replace(
        recipe, data=recipe.data.resolved(), network=recipe.network.resolved()
    ).replace(
        batch_size=recipe.optimization.batch_size or batch_size,
        precision=recipe.execution.precision or devices.default_precision(),
    )


def given(value: T | None) -> T:
    """A value that a resolved recipe has.

    Raises:
        ValueError: if it is left open.
    """
    if value is None:
        raise ValueError("the recipe must be resolved; call `resolve` first.")
    return value


def located(recipe: Recipe) -> Recipe:
    """The recipe with the absolute path of its data, which holds in any working directory."""
    return dataclasses.replace(recipe, data=recipe.data.located())
