"""The recipes of detectors that have a name, a file each in the folder `named`."""

from dataclasses import dataclass, replace

from ras_keras.detection.recipes.recipe import DetectionRecipe
from ras_keras.recipes.named_files import read_named
from ras_keras.values.typed import Text


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


NAMED = read_named(
    "ras_keras.detection.recipes",
    NamedDetectionRecipe,
    DetectionRecipe,
    paper=None,
    published=None,
)


def published_of(recipe: DetectionRecipe) -> PublishedScores | None:
    """The figures of the recipe that another one is called after, None where the two differ.

    They may differ in where their images and their starting weights lie, and in how they are
    computed.
    """
    named = NAMED[recipe.recipe]
    alike = replace(recipe.replace(weights=None), execution=named.recipe.execution)
    return named.published if alike == named.recipe else None
