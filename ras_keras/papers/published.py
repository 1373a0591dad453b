"""What the papers report."""

import csv
from dataclasses import dataclass
from importlib.resources import files

from ras_keras.recipes.data import DataRecipe
from ras_keras.recipes.named import NAMED
from ras_keras.recipes.recipe import Recipe
from ras_keras.values.options import read_options
from ras_keras.values.text import argument_kinds

RAS = "RAS arXiv 2210.15676"
DIANET = "DIANet arXiv 1905.10671"
DATA_KINDS = argument_kinds(DataRecipe)


@dataclass(frozen=True)
class Published:
    """A figure of a paper's table, as printed, and the recipe that it is of.

    What the paper does not have is empty; so are the last six where none of our recipes is it.

    Attributes:
        source: the paper.
        table: its number there.
        backbone: the network's published name.
        attention: a name of ours.
        setting: what else is said of the row.
        dataset: a name of ours.
        parameters_million: trainable ones.
        fps: images a second in inference.
        metric: what `value` is.
        value: the figure, or "diverged".
        sd: its standard deviation.
        entry: a short name of the row among those of its network.
        recipe: the named recipe that it is trained by.
        model: as `--model` takes it.
        depth: of the network.
        module: its attention, as `--attention` takes it.
        data: other fields of the recipe's data, such as "crop_padding=0,mirror=False".
    """

    source: str
    table: str
    backbone: str
    attention: str
    setting: str
    dataset: str
    parameters_million: str
    fps: str
    metric: str
    value: str
    sd: str
    entry: str
    recipe: str
    model: str
    depth: str
    module: str
    data: str

    def made(self, dataset: str) -> Recipe:
        """The row's recipe, but that nothing is chosen on the test set: the last epoch counts.

        Args:
            dataset: that it is trained on.
        """
        return NAMED[self.recipe].recipe.replace(
            dataset=dataset,
            validation_split=0.0,
            model=self.model,
            depth=int(self.depth),
            attention=self.module,
            **read_options("the column data", f"data:{self.data}", lambda name: DATA_KINDS),
        )


def published_results() -> list[Published]:
    """Every figure at hand, in the order of the papers."""
    file = files("ras_keras.papers") / "published_results.csv"
    with file.open(encoding="utf-8", newline="") as stream:
        return [Published(**row) for row in csv.DictReader(stream)]
