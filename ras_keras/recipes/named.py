"""The recipes that have a name: published ones and ours, a file each in the folder `named`."""

from dataclasses import dataclass

from ras_keras.recipes.named_files import read_named
from ras_keras.recipes.recipe import Recipe
from ras_keras.values.typed import Text


@dataclass(frozen=True)
class Figure:
    """An accuracy that a paper reports of a recipe.

    Attributes:
        table: its number in the paper.
        dataset: a name of ours.
        accuracy: on the test set, in percent.
    """

    table: Text
    dataset: Text
    accuracy: float


@dataclass(frozen=True)
class NamedRecipe:
    """A recipe and where it comes from.

    Attributes:
        recipe: named after its file.
        about: what it trains, in a line.
        command: flags of scripts/train.py that give the figures.
        paper: that it was published in, None for one of ours.
        published: its figures there.
    """

    recipe: Recipe
    about: Text
    command: Text
    paper: Text | None = None
    published: tuple[Figure, ...] = ()


NAMED = read_named("ras_keras.recipes", NamedRecipe, Recipe, paper=None, published=[])
