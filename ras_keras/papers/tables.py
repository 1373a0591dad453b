"""The papers' tables as recipes."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from ras_keras.layers.registry import NONE
from ras_keras.papers.published import DIANET, RAS, Published, published_results
from ras_keras.papers.scale import TRAINING_IMAGES
from ras_keras.recipes.named import NAMED
from ras_keras.recipes.recipe import Recipe
from ras_keras.values.options import name_of, with_options

# Of the connections in the RAS paper's Fig. 2 the text names the first two only.
CONNECTIONS = ("batch_norm", "rational", NONE, "sigmoid", "tanh", "relu", "leaky_relu")
RELEASED, DEFAULT = "released form", "default form"
# Small networks of the other papers beside a plain one, all trained by one recipe.
SYSTEMS = {
    "plain": {"model": "resnet", "depth": 20},
    **{
        f"rla, cell={cell}": {
            "model": "resnet",
            "depth": 20,
            "aggregation": f"rla:channels=12,cell={cell}",
        }
        for cell in ("conv", "lstm", "gru")
    },
    **{
        f"residual attention, {learning}": {
            "model": f"residual_attention:learning={learning}",
            "depth": 56,
        }
        for learning in ("attention", "naive")
    },
}
# Every attention module in one small network, as published.
RIVALS = {
    "plain": NONE,
    "ras": "ras:normalize_input=False",
    **{name: name for name in ("se", "eca", "cbam", "sem", "spa", "dia", "dia_se", "ge")},
    "ge, learned": "ge:learned=True,reduction_ratio=16",
    **{name: name for name in ("gc", "bam", "coordinate", "simam", "srm", "fca", "gct")},
    **{name: name for name in ("triplet", "shuffle", "iebn", "channel_scale")},
}


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
        made: gives the rows of such a one on a data set.
    """

    title: str
    source: str
    number: str | None = None
    made: Callable[[str], Iterable[Row]] | None = None

    @property
    def caption(self) -> str:
        """Such as "RAS at depth k (RAS arXiv 2210.15676, Table 2)"."""
        where = f"{self.source}, Table {self.number}" if self.number else self.source
        return f"{self.title} ({where})"

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
        if self.made:
            return {row.recipe.network.family for row in self.made(self.datasets[0])}
        return {name_of(each.model) for each in self.figures}

    def rows(self, datasets: tuple[str, ...], gammas: tuple[float, ...]) -> list[Row]:
        """The published rows in their order, then RAS in its default form.

        Args:
            datasets: of `TRAINING_IMAGES`.
            gammas: what RAS's gamma starts from; the published start is 0.
        """
        if self.made:
            bases = [row for dataset in datasets for row in self.made(dataset)]
        else:
            bases = list(self._published(datasets))
        released = [row for base in bases for row in _starts(base, gammas)]
        default = [_default_form(row) for row in released if _is_ras(row)]
        return released + default

    def _published(self, datasets) -> Iterator[Row]:
        for dataset in datasets:
            # On a data set that the paper does not report, the rows of one that it does.
            reported = dataset if dataset in self.datasets else self.datasets[0]
            for each in self.figures:
                if each.dataset == reported:
                    published = each if dataset == reported else None
                    yield Row(each.backbone, each.entry, each.made(dataset), published)


def _connections(dataset: str) -> Iterator[Row]:
    """The released network with each connection."""
    for connection in CONNECTIONS:
        attention = f"ras:k=2,normalize_input=False,connection={connection}"
        recipe = _trained(dataset).replace(depth=164, attention=attention)
        yield Row("ResNet164", connection, recipe)


def _systems(dataset: str) -> Iterator[Row]:
    """The other papers' networks without channel attention."""
    for entry, network in SYSTEMS.items():
        recipe = _trained(dataset).replace(attention=NONE, **network)
        yield Row("small networks", entry, recipe)


def _rivals(dataset: str) -> Iterator[Row]:
    """Every attention module in ResNet20 of bottlenecks."""
    for entry, attention in RIVALS.items():
        recipe = _trained(dataset).replace(depth=20, attention=attention)
        yield Row("ResNet20", entry, recipe)


def _trained(dataset: str) -> Recipe:
    """The RAS paper's recipe, but that nothing is chosen on the test set."""
    return NAMED["ras-resnet164"].recipe.replace(dataset=dataset, validation_split=0.0)


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
    "fig2": Table("What connects the applications of RAS", f"{RAS}, Fig. 2", made=_connections),
    "dianet-table3": Table("DIA in four networks", DIANET, "3"),
    "dianet-table4": Table("DIA's reduction ratio", DIANET, "4"),
    "dianet-table5": Table("Depth of the network", DIANET, "5"),
    "dianet-table6": Table("DIA's activation and number of cells", DIANET, "6"),
    "dianet-table7": Table("DIA left out of a stage", DIANET, "7"),
    "dianet-table8": Table("Networks without batch normalization", DIANET, "8"),
    "dianet-table9": Table("Networks without data augmentation", DIANET, "9"),
    "systems": Table(
        "Aggregation along depth, and soft masks",
        "arXiv 2110.11852 and 1704.06904, sizes of ours",
        made=_systems,
    ),
    "rivals": Table("Every attention module", "ResNet20 of bottlenecks", made=_rivals),
}
