"""Refuses searches that cannot be run, before anything is begun."""

from collections.abc import Iterator
from dataclasses import replace

from ras_keras.errors import Argument, UserError
from ras_keras.training import Recipe, check_recipe
from ras_keras.tuning.search import OBJECTIVE, Search
from ras_keras.tuning.space import Space
from ras_keras.values.field_checks import check_fields


def check_search(search: Search) -> None:
    """Refuses what no search can be, and a folder of something else.

    Raises:
        UserError: naming the argument, its value and the way out.
    """
    fixed = search.space.fixed
    for said, holds in (
        (Argument("protocol", "paper"), fixed.data.protocol == "paper"),
        (Argument("validation_split", 0), fixed.data.validation_split == 0),
    ):
        if holds:
            raise UserError(
                said,
                f" holds out no images, so that no trial reports {OBJECTIVE}, the objective of a "
                "search; leave it out.",
            )
    warmup = fixed.optimization.warmup_epochs
    if search.algorithm == "hyperband" and warmup:
        raise UserError(
            Argument("algorithm", "hyperband"),
            " begins trials with an epoch, and ",
            Argument("warmup_epochs", warmup),
            " is longer; give ",
            Argument("warmup_epochs", 0),
            " or another algorithm.",
        )
    check_fields(replace(fixed.execution, seed=fixed.execution.seed + search.seeds - 1))
    search.check_folder()
    for recipe in _recipes(search.space):
        # Hyperband may give a trial a single epoch at first.
        check_recipe(recipe.replace(epochs=1) if search.algorithm == "hyperband" else recipe)


def _recipes(space: Space) -> Iterator[Recipe]:
    """Enough of the space's recipes to see that each attention and each value is valid."""

    def at(attention):
        return {"attention": attention} if "attention" in space.domains else {}

    for attention in space.attentions:
        yield space.recipe(at(attention))
    for name, domain in space.domains.items():
        if name != "attention":
            for value in domain.extremes():
                yield space.recipe(at(space.takers(name)[0]) | {name: value})
