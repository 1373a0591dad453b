"""A table at some scale: which runs it takes, and where they lie."""

import dataclasses
import math
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from ras_keras.errors import Argument, UserError
from ras_keras.papers.scale import FULL, Scale, check_datasets
from ras_keras.papers.tables import TABLES, Row
from ras_keras.recipes.recipe import Recipe
from ras_keras.values.choices import nearest, one_of
from ras_keras.values.field_checks import check_value
from ras_keras.values.json_files import read_json, write_json
from ras_keras.values.typed import Bounds, in_short

FILE = "study.json"
Seeds = Annotated[int, Bounds(1, 1_000)]


@dataclass(frozen=True)
class Study:
    """What was asked of a table.

    Attributes:
        table: a key of `TABLES`.
        datasets: of the papers'.
        seeds: how many runs each row has; their seeds are 0, 1, ...
        gammas: what RAS's gamma starts from, each a row.
        scale: what makes it smaller than published.
        chosen: names of rows (`names_of`) if not all of them are run.
    """

    ADDED_LATER: ClassVar = ("chosen",)

    table: str
    datasets: tuple[str, ...]
    seeds: int = 1
    gammas: tuple[float, ...] = (0.0,)
    scale: Scale = FULL
    chosen: tuple[str, ...] = ()

    def check(self) -> None:
        """Refuses what cannot be run.

        Raises:
            UserError: naming the argument.
        """
        one_of("the table", self.table, TABLES)
        check_datasets(self.datasets)
        check_value("seeds", self.seeds, Seeds)
        finite = all(math.isfinite(gamma) for gamma in self.gammas)
        if not self.gammas or len({*self.gammas}) < len(self.gammas) or not finite:
            raise UserError(
                Argument("gammas"),
                " must name one or several different finite numbers. Received: "
                f"{' '.join(map(str, self.gammas)) or 'none'}",
            )
        if self.gammas != (0.0,):
            rows = TABLES[self.table].rows(self.datasets, (0.0,))
            if all(row.recipe.network.attention_name != "ras" for row in rows):
                raise UserError(
                    Argument("gammas"),
                    f" says nothing to {self.table}, which has no ras; leave it out.",
                )
        self.scale.check(TABLES[self.table].models)
        self.choosing(self.chosen)

    def choosing(self, rows: Sequence[str]) -> "Study":
        """The study of some of its rows; of all of them if none is named.

        Args:
            rows: by `names_of`, or by their numbers from 1.

        Raises:
            UserError: listing the names, for one that no row has.
        """
        if not rows:
            return self
        names = [names_of(row) for row in self.all_rows()]
        numbers = {str(number): own for number, (*_, own) in enumerate(names, 1)}
        chosen = tuple(numbers.get(name, name) for name in rows)
        short = [*dict.fromkeys(name for *shared, _ in names for name in shared)]
        for name in chosen:
            if name not in (*short, *numbers.values()):
                raise UserError(
                    Argument("rows"),
                    f" must be from 1 to {len(names)} or among {'; '.join(short)}. "
                    f"Received: {in_short(name)}.{nearest(name, short)}",
                )
        return dataclasses.replace(self, chosen=tuple(dict.fromkeys(chosen)))

    @property
    def name(self) -> str:
        """Of its folders and files, such as "table2-depth11-epochs5"."""
        return self.table + self.scale.suffix

    @property
    def title(self) -> str:
        """Such as "RAS at depth k (RAS arXiv 2210.15676, Table 2), scaled down: depth 11"."""
        caption = TABLES[self.table].caption
        return f"{caption}, scaled down: {self.scale}" if self.scale else caption

    @property
    def command(self) -> str:
        """What gives it, such as "python scripts/reproduce.py table2 --datasets cifar10"."""
        parts = ["python scripts/reproduce.py", self.table, "--datasets", *self.datasets]
        if self.seeds > 1:
            parts += ["--seeds", str(self.seeds)]
        if self.gammas != (0.0,):
            parts += ["--gammas", *(f"{gamma:g}" for gamma in self.gammas)]
        for name, value in dataclasses.asdict(self.scale).items():
            if value != getattr(FULL, name):
                parts += [f"--{name.replace('_', '-')}", f"{value:g}"]
        if self.chosen:
            parts += ["--rows", *map(shlex.quote, self.chosen)]
        return " ".join(parts)

    def rows(self) -> list[Row]:
        """Those of the table's rows that are run."""
        rows, chosen = self.all_rows(), {*self.chosen}
        return [row for row in rows if not chosen or chosen & {*names_of(row)}]

    def all_rows(self) -> list[Row]:
        """The table's rows at this scale; those that became the same network stand once."""
        rows = {}
        for row in TABLES[self.table].rows(self.datasets, self.gammas):
            recipe = self.scale.apply(row.recipe)
            # Another depth is another network than the published one that names the group.
            name = f"{recipe.network.family}{recipe.network.depth}"
            _, comma, rest = row.group.partition(",")
            group = f"{name}{comma}{rest}" if self.scale.depth else row.group
            # What became of several published networks has no figure to be compared with.
            published = None if recipe in rows else row.published
            first = rows.get(recipe, row)
            rows[recipe] = dataclasses.replace(
                first, group=group, recipe=recipe, published=published
            )
        return list(rows.values())

    def runs(self) -> dict[str, Recipe]:
        """The recipe of every run, by the name of its folder, seed after seed."""
        return {
            run_name(recipe): recipe
            for seed in range(self.seeds)
            for row in self.rows()
            for recipe in [row.recipe.replace(seed=seed)]
        }

    def write(self, folder: Path) -> None:
        """Writes down what was asked, or adds it to what a folder holds already.

        Raises:
            UserError: if the folder cannot be written.
        """
        study = self
        if (folder / FILE).is_file():
            before = Study.read(folder)
            study = dataclasses.replace(
                self,
                datasets=tuple(dict.fromkeys((*before.datasets, *self.datasets))),
                seeds=max(before.seeds, self.seeds),
                gammas=tuple(dict.fromkeys((*before.gammas, *self.gammas))),
                chosen=before.chosen
                and self.chosen
                and tuple(dict.fromkeys((*before.chosen, *self.chosen))),
            )
        write_json(folder / FILE, dataclasses.asdict(study))

    @classmethod
    def read(cls, folder: Path) -> "Study":
        """What was asked of the table in a folder.

        Raises:
            UserError: if its file is damaged.
        """
        file = folder / FILE
        remedy = "restore it, or remove its folder and run the table anew"
        return read_json(file, cls, remedy, cls.check)


def names_of(row: Row) -> tuple[str, str, str]:
    """The names by which a row is chosen: "ras", "ras:k=2", "cifar10-resnet11-ras-k-2".

    Only the last one is no other row's.
    """
    return row.entry, row.recipe.network.describe_attention(), row_name(row.recipe)


def row_name(recipe: Recipe) -> str:
    """Such as "cifar10-resnet11-ras-k-2": a name for each recipe of a table but for its seed."""
    network = recipe.network
    text = f"{recipe.data.dataset}-{network.describe_model()}-{network.describe_attention()}"
    text = text.lower().replace("=-", "=minus")
    return re.sub(r"[^a-z0-9._]+", "-", text).strip("-")


def run_name(recipe: Recipe) -> str:
    """Such as "cifar10-resnet11-ras-k-2-s0": a name for each run of a table."""
    return f"{row_name(recipe)}-s{recipe.execution.seed}"
