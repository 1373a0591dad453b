"""The recipes that have a name: published ones and ours, a file each in the folder `named`."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files

from ras_keras.recipes.recipe import PARTS, Recipe
from ras_keras.values.typed import Text, finite, typed

ENDING = ".toml"


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

    @classmethod
    def read(cls, name: str, text: str) -> "NamedRecipe":
        """The recipe in the text of a file; a field that it does not have is the default.

        Raises:
            WrongValue: naming a key that is unknown or of another type.
        """
        content = tomllib.loads(text)
        recipe = finite(Recipe(name).to_dict())
        for part in PARTS:
            recipe[part] |= content.pop(part, {})
        empty: dict[str, object] = {"paper": None, "published": []}
        return typed(empty | content | {"recipe": recipe}, cls)


def _named_recipes() -> dict[str, NamedRecipe]:
    folder = files("ras_keras.recipes") / "named"
    texts = {
        file.name.removesuffix(ENDING): file.read_text(encoding="utf-8")
        for file in folder.iterdir()
        if file.name.endswith(ENDING)
    }
    return {name: NamedRecipe.read(name, texts[name]) for name in sorted(texts)}


NAMED = _named_recipes()
