"""Recipes that have a name: a TOML file each in the folder `named` of a package."""

import tomllib
from importlib.resources import files
from typing import TypeVar

from ras_keras.recipes.parted import PartedRecipe
from ras_keras.values.typed import finite, typed

ENDING = ".toml"

T = TypeVar("T")


def read_named(
    package: str, kind: type[T], recipe: type[PartedRecipe], **empty: object
) -> dict[str, T]:
    """What the files of a package say, by their names.

    Args:
        package: that holds the folder.
        kind: of the result: a dataclass with a field `recipe` and the keys that a file has beside
            the recipe's parts.
        recipe: of that field, named after its file; a field that a file does not have is the
            default.
        **empty: values of the keys that a file may leave out.

    Raises:
        WrongValue: naming a key that is unknown or of another type.
    """
    texts = {
        file.name.removesuffix(ENDING): file.read_text(encoding="utf-8")
        for file in (files(package) / "named").iterdir()
        if file.name.endswith(ENDING)
    }
    found = {}
    for name in sorted(texts):
        content = tomllib.loads(texts[name])
        values = finite(recipe(name).to_dict())
        for part in recipe.parts():
            values[part] |= content.pop(part, {})
        found[name] = typed(empty | content | {"recipe": values}, kind)
    return found
