"""The papers' tables as recipes."""

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ras_keras.layers.registry import NONE
from ras_keras.options import joined, with_options
from ras_keras.recipes.recipe import Recipe
from ras_keras.recipes.starts import DIANET_RESNET, starting_recipe
from ras_keras.reproduction.published import DIANET, RAS, Published, published_results
from ras_keras.reproduction.scale import TRAINING_IMAGES

BACKBONES = {
    "ResNet83": ("resnet", 83),
    "ResNet164": ("resnet", 164),
    "ResNet245": ("resnet", 245),
    "ResNet326": ("resnet", 326),
    "ResNet407": ("resnet", 407),
    "PreResNet164": ("preresnet", 164),
    "WRN52-4": ("wrn", 52),
    "ResNeXt101-8x32": ("resnext", 101),
}
# The DIANet paper's Table 3 has SE in another form in each network, as its parameter counts show.
SE_OF_DIANET = {
    "PreResNet164": {"use_bias": False},
    "WRN52-4": {"reduction_ratio": 4},
    "ResNeXt101-8x32": {"reduction_ratio": 4, "use_bias": False},
}
# Of the connections in the RAS paper's Fig. 2 the text names the first two only.
CONNECTIONS = ("batch_norm", "rational", NONE, "sigmoid", "tanh", "relu", "leaky_relu")
RELEASED, DEFAULT = "released form", "default form"


@dataclass(frozen=True)
class Row:
    """A network that is trained on one data set with several seeds.

    Attributes:
        group: of rows that are drawn into one panel.
        entry: what tells a row from the others of its group.
        recipe: of every run but for the seed.
        published: the figure to compare with, None where there is none.
    """

    group: str
    entry: str
    recipe: Recipe
    published: Published | None = None


@dataclass(frozen=True)
class Table:
    """A table or figure of a paper.

    Attributes:
        title: what it shows.
        source: the paper.
        number: of the table there, None for one without published figures.
    """

    title: str
    source: str
    number: str | None = None

    @cached_property
    def figures(self) -> list[Published]:
        """The published ones, of data sets that are ours."""
        return [
            each
            for each in published_results()
            if (each.source, each.table) == (self.source, self.number)
            and each.dataset in TRAINING_IMAGES
        ]

    @property
    def datasets(self) -> tuple[str, ...]:
        """The data sets that the paper reports."""
        found = [each.dataset for each in self.figures] or TRAINING_IMAGES
        return tuple(dict.fromkeys(found))

    @property
    def models(self) -> set[str]:
        """The families of networks that the table has."""
        return {BACKBONES[each.backbone][0] for each in self.figures} or {"resnet"}

    def rows(self, datasets: tuple[str, ...], gammas: tuple[float, ...]) -> list[Row]:
        """The published rows in their order, then RAS in its default form.

        Args:
            datasets: of `TRAINING_IMAGES`.
            gammas: what RAS's gamma starts from; the published start is 0.
        """
        bases = list(self._fig2(datasets) if self.number is None else self._published(datasets))
        released = [row for base in bases for row in _starts(base, gammas)]
        default = [_default_form(row) for row in released if _is_ras(row)]
        return released + default

    def _published(self, datasets) -> Iterator[Row]:
        for dataset in datasets:
            # On a data set that the paper does not report, the rows of one that it does.
            reported = dataset if dataset in self.datasets else self.datasets[0]
            for each in self.figures:
                if each.dataset == reported:
                    model, depth = BACKBONES[each.backbone]
                    recipe = _recipe(
                        self.source, dataset, each.attention, model, depth, _setting(each)
                    )
                    published = each if dataset == reported else None
                    yield Row(each.backbone, _entry(each), recipe, published)

    def _fig2(self, datasets) -> Iterator[Row]:
        for dataset in datasets:
            for connection in CONNECTIONS:
                setting = {
                    "attention": {"k": 2, "normalize_input": False, "connection": connection}
                }
                recipe = _recipe(RAS, dataset, "ras", "resnet", 164, setting)
                yield Row("ResNet164", connection, recipe)


def _recipe(
    source: str, dataset: str, attention: str, family: str, depth: int, setting: dict
) -> Recipe:
    """As published, but that nothing is chosen on the test set: the last epoch counts."""
    # What the network is trained by, whatever its attention: a table compares on equal terms.
    recipe = starting_recipe("paper", family, NONE)
    if source == DIANET and family == "resnet":
        recipe = recipe.replace(**DIANET_RESNET)
    return recipe.replace(
        dataset=dataset,
        depth=depth,
        validation_split=0.0,
        model=joined(family, setting.get("model", {})),
        attention=joined(attention, setting.get("attention", {})),
        **setting.get("data", {}),
    )


def _setting(published: Published) -> dict:
    """What a published row says of its attention, its network and its data."""
    attention, setting = published.attention, published.setting
    changes, model, data = {}, {}, {}
    if attention == "se" and (published.source, published.table) == (DIANET, "3"):
        changes |= SE_OF_DIANET.get(published.backbone, {})
    if found := re.search(r"k=(\d+)", setting):
        changes["k"] = int(found[1])
    if attention == "ras":
        changes["normalize_input"] = False
    if "shared BN" in setting:
        changes["shared_connection"] = True
    if found := re.search(r"\breduction_ratio=(\d+)", setting):
        changes |= {"reduction_ratio": int(found[1])} if attention == "dia" else {}
    if found := re.search(r"activation=(\w+), cells=(\d+)", setting):
        changes |= {"activation": found[1], "cells": int(found[2])}
    if found := re.search(r"stage (\d) removed", setting):
        model["attention_stages"] = tuple(s for s in (1, 2, 3) if s != int(found[1]))
    if "without BN" in setting:
        model["batch_norm"] = False
    if "without data augmentation" in setting:
        data = {"crop_padding": 0, "mirror": False}
    return {"attention": changes, "model": model, "data": data}


def _entry(published: Published) -> str:
    """A short name of a published row among those of its network."""
    setting = re.split(r";| \(", published.setting)[0].replace("separate BN", "").strip(", ")
    name = published.attention
    if name == "none":
        name = "plain"
    if setting in ("", "without BN", "without data augmentation") or RELEASED in published.setting:
        return name
    return f"{name}, {setting}"


def _is_ras(row: Row) -> bool:
    return row.recipe.network.attention_name == "ras"


def _with_options(recipe: Recipe, **options) -> Recipe:
    """With other options of the attention; an empty one is the layer's own."""
    return recipe.replace(attention=with_options(recipe.network.attention, **options))


def _starts(row: Row, gammas) -> list[Row]:
    """RAS from every start of gamma; the published figure belongs to the published start."""
    if not _is_ras(row):
        return [row]
    return [
        dataclasses.replace(
            row,
            group=f"{row.group}, {RELEASED}, γ from {gamma:g}" if len(gammas) > 1 else row.group,
            recipe=_with_options(row.recipe, gamma_initializer=gamma or ""),
            published=None if gamma else row.published,
        )
        for gamma in gammas
    ]


def _default_form(row: Row) -> Row:
    """RAS as Eq. (5) is written, which no paper reports."""
    if RELEASED in row.group:
        names = {"group": row.group.replace(RELEASED, DEFAULT)}
    else:
        names = {"entry": f"{row.entry}, {DEFAULT}"}
    recipe = _with_options(row.recipe, normalize_input="")
    return dataclasses.replace(row, recipe=recipe, published=None, **names)


TABLES = {
    "table1": Table("RAS and its rivals", RAS, "1"),
    "table2": Table("RAS at depth k", RAS, "2"),
    "table3": Table("Deeper gates with shared and with separate batch normalization", RAS, "3"),
    "fig2": Table("What connects the applications of RAS", RAS),
    "dianet-table3": Table("DIA in four networks", DIANET, "3"),
    "dianet-table4": Table("DIA's reduction ratio", DIANET, "4"),
    "dianet-table5": Table("Depth of the network", DIANET, "5"),
    "dianet-table6": Table("DIA's activation and number of cells", DIANET, "6"),
    "dianet-table7": Table("DIA left out of a stage", DIANET, "7"),
    "dianet-table8": Table("Networks without batch normalization", DIANET, "8"),
    "dianet-table9": Table("Networks without data augmentation", DIANET, "9"),
}
