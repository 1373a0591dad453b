"""Refuses searches that cannot be run, before anything is begun."""

from dataclasses import replace

from ras_keras.errors import Argument, UserError
from ras_keras.training import Recipe, check_recipe
from ras_keras.tuning.domains import extremes
from ras_keras.tuning.space import Space
from ras_keras.values.field_checks import check_fields


def check_search(space: Space, algorithm: str | None, seeds: int = 1) -> None:
    """Refuses what no search can be.

    Args:
        space: what is searched.
        algorithm: of `ALGORITHMS`, None to choose one.
        seeds: that each trial is trained with.

    Raises:
        UserError: naming the argument, its value and the way out.
    """
    _check_objective(space.fixed)
    execution = space.fixed.execution
    check_fields(replace(execution, seed=execution.seed + seeds - 1))
    for recipe in _recipes(space):
        check_recipe(_of_first_round(recipe) if algorithm == "hyperband" else recipe)


def _check_objective(recipe: Recipe) -> None:
    for said, holds in (
        (Argument("protocol", "paper"), recipe.data.protocol == "paper"),
        (Argument("validation_split", 0), recipe.data.validation_split == 0),
    ):
        if holds:
            raise UserError(
                said,
                " holds out no images, so that no trial reports val_accuracy, the objective of a "
                "search; leave it out.",
            )


def _recipes(space: Space):
    """Enough of the space's recipes to see that each attention and each value is valid."""
    for attention in space.attentions:
        yield space.recipe({"attention": attention} if "attention" in space.domains else {})
    for name, domain in space.domains.items():
        if name == "attention":
            continue
        taker = {"attention": space.takers(name)[0]} if "attention" in space.domains else {}
        for value in extremes(domain):
            yield space.recipe(taker | {name: value})


def _of_first_round(recipe: Recipe) -> Recipe:
    """With the single epoch that Hyperband may give a trial at first."""
    if recipe.optimization.warmup_epochs:
        raise UserError(
            Argument("algorithm", "hyperband"),
            " begins trials with an epoch, and ",
            Argument("warmup_epochs", recipe.optimization.warmup_epochs),
            " is longer; give ",
            Argument("warmup_epochs", 0),
            " or another algorithm.",
        )
    return recipe.replace(epochs=1)
