"""The recipes of detectors that have a name, a file each in the folder `named`."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files

from ras_keras.detection.recipes.recipe import DetectionRecipe
from ras_keras.values.typed import Text, finite, typed

ENDING = ".toml"


@dataclass(frozen=True)
class PublishedScores:
    """What a paper reports of a recipe, in percent, on COCO's val2017.

    Attributes:
        ap: mean over intersections over union of 0.5 to 0.95.
        ap50: at 0.5.
        ap75: at 0.75.
    """

    ap: float
    ap50: float
    ap75: float


@dataclass(frozen=True)
class NamedDetectionRecipe:
    """A recipe and where it comes from.

    Attributes:
        recipe: named after its file.
        about: what it trains, in a line.
        command: that trains it.
        paper: that it was published in, None for one of ours.
        published: its figures there.
    """

    recipe: DetectionRecipe
    about: Text
    command: Text
    paper: Text | None = None
    published: PublishedScores | None = None


def _read(name: str, text: str) -> NamedDetectionRecipe:
    content = tomllib.loads(text)
    recipe = finite(DetectionRecipe(name).to_dict())
    for part in DetectionRecipe.parts():
        recipe[part] |= content.pop(part, {})
    empty: dict[str, object] = {"paper": None, "published": None}
    return typed(empty | content | {"recipe": recipe}, NamedDetectionRecipe)


def _all() -> dict[str, NamedDetectionRecipe]:
    folder = files("ras_keras.detection.recipes") / "named"
    texts = {
        file.name.removesuffix(ENDING): file.read_text(encoding="utf-8")
        for file in folder.iterdir()
        if file.name.endswith(ENDING)
    }
    return {name: _read(name, texts[name]) for name in sorted(texts)}


NAMED = _all()
