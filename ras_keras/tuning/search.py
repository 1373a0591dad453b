"""What a search is, the folder that it leaves behind, and what it finds."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

from ras_keras.errors import Argument, UserError
from ras_keras.files import is_vacant
from ras_keras.recipes.parted import difference
from ras_keras.recipes.starts import start_of
from ras_keras.training import Recipe
from ras_keras.tuning.space import Space
from ras_keras.values.json_files import read_json, write_json
from ras_keras.values.typed import Count, Text

Algorithm = Literal["grid", "random", "bayesian", "hyperband"]
OBJECTIVE: Final = "val_accuracy"
GRID_POINTS = 16
# What makes the trials of a search shorter than the training that they stand for.
SHORTENED = ("epochs", "schedule", "training_images")


@dataclass(frozen=True)
class Asked:
    """search.json: the search, without how far it is to go."""

    algorithm: Text
    space: dict[str, str]
    seeds: Count
    recipe: Recipe


@dataclass(frozen=True)
class Search:
    """What is searched, how and where.

    search.json       what was asked
    log.jsonl         each trial as it began and ended
    k=2/, ...         the run folder of each trial, or of several seeds k=2/seed0/, ...
    trials.csv        a row per trial
    search.png        the objective against each searched value
    best_recipe.json  the best values, for a full training
    best/             the run of that training
    k=2.log, ...      what a worker printed of it

    Attributes:
        space: the searched values and the recipe that they have in common.
        algorithm: how points are chosen.
        trials: at most so many; None for as many as the algorithm has, or ten.
        path: of the folder with these files.
        seeds: that each trial is trained with.
    """

    space: Space
    algorithm: Algorithm
    trials: int | None
    path: Path
    seeds: int = 1

    def file(self, name: str) -> Path:
        return self.path / name

    def full_recipe(self, values: dict) -> Recipe:
        """The recipe at a point with the epochs, schedule and images that it started from."""
        recipe = self.space.recipe(values)
        start = start_of(recipe).values()
        return recipe.replace(**{name: start[name] for name in SHORTENED})

    def check_folder(self) -> None:
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
        if stored == self._asked:
            return
        there, here = vars(stored), vars(self._asked)
        name = next(name for name in there if there[name] != here[name])
        differs = f"{name} {there[name]} there, {here[name]} here"
        if name == "recipe":
            differs = difference(stored.recipe, self.space.fixed)
        raise UserError(
            f"{self.path} holds another search ({differs}); choose another ",
            Argument("name"),
            ", or give the same values to go on with it.",
        )

    def create_folder(self) -> None:
        """Creates the folder, if need be, and says what it holds.

        Raises:
            UserError: if it cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"{self.path} cannot be created ({error.strerror}); choose another ",
                Argument("log_dir"),
                ".",
            ) from error
        if not self.file("search.json").exists():
            write_json(self.file("search.json"), asdict(self._asked))

    @property
    def _asked(self) -> Asked:
        return Asked(self.algorithm, self.space.to_dict(), self.seeds, self.space.fixed)


@dataclass(frozen=True)
class Outcome:
    """What a search found.

    Attributes:
        row: the best trial's of trials.csv.
        values: of what is searched, of that trial.
        recipe: with them, of full length.
        doubt: why another trial may be as good, in a sentence; None if nothing speaks for it.
    """

    row: dict
    values: dict
    recipe: Recipe
    doubt: str | None


def usual_algorithm(space: Space) -> Algorithm:
    """Grid on a small finite space, else bayesian."""
    return "grid" if space.size() <= GRID_POINTS else "bayesian"


def default_name(space: Space, seeds: int) -> str:
    """Such as cifar10-resnet164-ras-search-k; the same flags give the same name."""
    fixed = space.fixed
    network = fixed.network
    depth = "" if "depth" in space.domains else network.arguments().get("depth", "")
    dataset = "".join(c if c.isalnum() else "-" for c in Path(fixed.data.dataset).name)
    parts = [dataset, f"{network.family}{depth}"]
    if "attention" not in space.domains:
        parts.append(network.attention_name)
    several = [f"{seeds}seeds"] if seeds > 1 else []
    return "-".join([*parts, "search", *space.domains, *several])
