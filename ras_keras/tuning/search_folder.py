"""The folder that a search leaves behind."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from ras_keras.errors import Argument, UserError
from ras_keras.files import is_vacant
from ras_keras.recipes.recipe import Recipe, difference
from ras_keras.tuning.space import Space
from ras_keras.values.json_files import read_json, write_json
from ras_keras.values.typed import Count, Text


class Asked(TypedDict):
    """search.json"""

    algorithm: Text
    space: dict[str, str]
    seeds: Count
    recipe: Recipe


@dataclass(frozen=True)
class SearchFolder:
    """Paths and files of one search.

    search.json       what was asked
    log.jsonl         each trial as it began and ended
    k=2/, ...         the run folder of each trial, or of several seeds k=2/seed0/, ...
    trials.csv        a row per trial
    search.png        the objective against each searched value
    best_recipe.json  the best values, for a full training
    best/             the run of that training
    k=2.log, ...      what a worker printed of it
    """

    path: Path

    def file(self, name: str) -> Path:
        return self.path / name

    def check(self, space: Space, algorithm: str, seeds: int) -> None:
        """Refuses a folder that holds anything but this search.

        Raises:
            UserError: naming the first difference.
        """
        file = self.file("search.json")
        if not file.exists():
            if self.path.exists() and not is_vacant(self.path):
                raise UserError(
                    f"{self.path} exists and holds no search; choose another ",
                    Argument("name"),
                    ".",
                )
            return
        stored = read_json(file, Asked, ("restore it, or choose another ", Argument("name")))
        differs = [
            f"{what} {there} there, {here} here"
            for what, there, here in (
                ("algorithm", stored["algorithm"], algorithm),
                ("space", stored["space"], space.to_dict()),
                ("seeds", stored["seeds"], seeds),
            )
            if there != here
        ]
        if stored["recipe"] != space.fixed:
            differs.append(difference(stored["recipe"], space.fixed))
        if differs:
            raise UserError(
                f"{self.path} holds another search ({differs[0]}); choose another ",
                Argument("name"),
                ", or give the same values to go on with it.",
            )

    def begin(self, space: Space, algorithm: str, seeds: int) -> None:
        """Creates the folder and says what it holds.

        Raises:
            UserError: if it cannot be written.
        """
        content = {
            "algorithm": algorithm,
            "space": space.to_dict(),
            "seeds": seeds,
            "recipe": space.fixed.to_dict(),
        }
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"{self.path} cannot be created ({error.strerror}); choose another ",
                Argument("log_dir"),
                ".",
            ) from error
        if not self.file("search.json").exists():
            write_json(self.file("search.json"), content)
