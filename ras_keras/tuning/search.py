"""What a search is, and what it finds."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ras_keras.errors import Argument, UserError
from ras_keras.recipes.starts import start_of, to_flags
from ras_keras.training import Recipe
from ras_keras.tuning.search_folder import SearchFolder
from ras_keras.tuning.space import Space

GRID_POINTS = 16
Algorithm = Literal["grid", "random", "bayesian", "hyperband"]
# What makes the trials of a search shorter than the training that they stand for.
SHORTENED = ("epochs", "schedule", "training_images")


@dataclass(frozen=True)
class Search:
    """What is searched, how and where.

    Attributes:
        space: the searched values and the recipe that they have in common.
        algorithm: how points are chosen.
        trials: at most so many; None for as many as the algorithm has, or ten.
        folder: what it leaves behind.
        seeds: that each trial is trained with.
    """

    space: Space
    algorithm: Algorithm
    trials: int | None
    folder: SearchFolder
    seeds: int = 1

    def full_recipe(self, values: dict) -> Recipe:
        """The recipe at a point with the epochs, schedule and images that it started from."""
        recipe = self.space.recipe(values)
        start = start_of(recipe).values()
        return recipe.replace(**{name: start[name] for name in SHORTENED})


@dataclass(frozen=True)
class Outcome:
    """What a search found.

    Attributes:
        row: the best trial's of trials.csv.
        recipe: its values in a recipe of full length.
        run: the folder that `flags` trains it into.
        doubt: why another trial may be as good, in a sentence; None if nothing speaks for it.
    """

    row: dict
    recipe: Recipe
    run: Path
    doubt: str | None = None

    @property
    def flags(self) -> str:
        """Of scripts/train.py, to train it."""
        where = ["--log-dir", str(self.run.parent), "--name", self.run.name]
        return shlex.join([*to_flags(self.recipe), *where])


def plan_search(
    space: Space,
    algorithm: Algorithm | None,
    trials: int | None,
    log_dir: str,
    name: str | None,
    seeds: int = 1,
) -> Search:
    """Chooses what is left open.

    Args:
        space: what is searched.
        algorithm: None for grid on a small finite space, else bayesian.
        trials: None for all points of a grid and all rounds of hyperband, else 10.
        log_dir: folder of the searches.
        name: None for one made from the recipe and the space.
        seeds: that each trial is trained with.

    Raises:
        UserError: for a folder of another search.
    """
    if algorithm is None:
        small = space.is_finite() and space.size() <= GRID_POINTS
        algorithm = "grid" if small else "bayesian"
    if name is not None and name != Path(name).name:
        raise UserError(Argument("name"), f" must be the name of one folder. Received: {name!r}")
    folder = SearchFolder(Path(log_dir, name or default_name(space, seeds)))
    folder.check(space, algorithm, seeds)
    return Search(space, algorithm, trials, folder, seeds)


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
