"""What is kept of a run: the little that tables and pictures are made of."""

import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ras_keras.errors import Argument, UserError, first_line
from ras_keras.recipes.recipe import Recipe
from ras_keras.recipes.resolving import resolve
from ras_keras.recipes.starts import to_flags
from ras_keras.runs.run_files import Result
from ras_keras.runs.run_folder import RunFolder
from ras_keras.values.csv_files import read_table
from ras_keras.values.typed import Amount, Count, Share, Text

DIVERGED = "diverged.json"
GATES = {
    **{"layer": Text, "stage": Count, "block": Count},
    **dict.fromkeys(("mean", "low", "high", "spread"), Amount),
    "gamma_alive": Share | None,
}


@dataclass(frozen=True)
class RunRecord:
    """A finished run's recipe and outcome, in a folder that is small enough to be committed.

    recipe.json      without the place of the data
    metrics.csv      a row an epoch
    gates.csv        of a network with gates
    result.json      or, of a run whose loss diverged, diverged.json
    """

    run: RunFolder

    @classmethod
    def keep(cls, run: RunFolder, folder: Path, diverged: UserError | None = None) -> "RunRecord":
        """Copies a run's record into `folder`.

        Raises:
            UserError: if it cannot be written.
        """
        record = cls.begin(run, folder)
        # Last, because it says that the record is whole.
        if diverged is not None:
            record.run.write_json(DIVERGED, {"message": str(diverged)})
        else:
            record.run.write_json("result.json", run.read_result())
        return record

    @classmethod
    def begin(cls, run: RunFolder, folder: Path) -> "RunRecord":
        """Copies what a run has before its outcome into `folder`.

        Raises:
            UserError: if it cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        recipe = run.read_recipe().replace(data_dir=None, download=False)
        record = cls(RunFolder(folder))
        record.run.write_recipe(recipe)
        for name in ("metrics.csv", "gates.csv"):
            if run.file(name).is_file():
                shutil.copyfile(run.file(name), folder / name)
        return record

    @classmethod
    def of(cls, folder: Path) -> "RunRecord | None":
        """The record in a folder, None if there is no whole one."""
        whole = any((folder / name).is_file() for name in ("result.json", DIVERGED))
        return cls(RunFolder(folder)) if whole else None

    @classmethod
    def find(cls, folder: Path, recipe: Recipe) -> "RunRecord | None":
        """The record of a recipe in a folder, None if there is no whole one.

        Raises:
            UserError: if the folder holds that of another recipe.
        """
        record = cls.of(folder)
        # The precision is that of the device that the run found.
        if record and record.recipe.replace(precision=None) != resolve(recipe).replace(
            precision=None
        ):
            raise UserError(
                f"{folder} holds a run of another recipe; move it away, or choose another ",
                Argument("output"),
                ".",
            )
        return record

    @property
    def recipe(self) -> Recipe:
        """What was asked.

        Raises:
            UserError: if it is damaged, or its attention is none of this package's.
        """
        recipe = self.run.read_recipe()
        try:
            recipe.network.describe_attention()
        except (ValueError, TypeError) as error:
            raise UserError(
                f"{self.run.file('recipe.json')} holds no recipe of a table ({first_line(error)}); "
                "restore it, or remove its folder."
            ) from error
        return recipe

    @property
    def diverged(self) -> bool:
        return self.run.file(DIVERGED).is_file()

    @property
    def result(self) -> Result:
        """The content of result.json; a diverged run has none."""
        return self.run.read_result()

    def metrics(self) -> pd.DataFrame:
        """The rows of metrics.csv."""
        return self.run.read_metrics()

    def gates(self) -> pd.DataFrame:
        """The rows of gates.csv, none for a network without gates."""
        file = self.run.file("gates.csv")
        return read_table(file, GATES) if file.is_file() else pd.DataFrame(columns=[*GATES])


def describe(recipe: Recipe) -> str:
    """The flags of `scripts/train.py` for a recipe, whatever its seed, data folder and device."""
    changes = {"seed": 0, "data_dir": None, "download": False, "precision": None}
    return shlex.join(to_flags(resolve(recipe).replace(**changes)))
