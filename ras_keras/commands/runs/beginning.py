"""A run that is to begin or to go on: the schedule of its epochs, the folder that it may take."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from ras_keras.errors import UserError
from ras_keras.recipes.optimization import DescentRecipe
from ras_keras.recipes.parted import PartedRecipe, difference
from ras_keras.text.flags import flag
from ras_keras.text.numbers import counted
from ras_keras.training import Recipe, RunFolder
from ras_keras.values.json_files import read_json

R = TypeVar("R", bound=PartedRecipe)

RESTORE = "restore it or start anew"


def schedule_of_epochs(descent: DescentRecipe, before: DescentRecipe) -> tuple[int, ...]:
    """The schedule that a recipe started from, over its own number of epochs."""
    epochs = descent.epochs
    schedule = before.scaled(epochs).schedule
    if descent.decay == "step" and schedule != before.schedule:
        drops = f"drops after {_list(schedule)} of" if schedule else "does not drop within"
        print(
            f"notice   the learning rate {drops} {counted(epochs, 'epoch')}, scaled from "
            f"{_list(before.schedule)} of {before.epochs}; --schedule sets it"
        )
    return schedule


def _list(epochs: Sequence[int]) -> str:
    return ", ".join(map(str, epochs))


def epochs_of(recipe: Recipe) -> str:
    """Such as "1 epoch" or "164 epochs"."""
    return counted(recipe.optimization.epochs, "epoch")


def refuse_another(run: RunFolder, recipe: R, read: Callable[[Path, str], R]) -> None:
    """Refuses the folder of a run that has begun, or that of another recipe.

    Args:
        run: the folder.
        recipe: of the run that is to begin in it.
        read: from a file, and what to do about a damaged one, to a recipe of the same kind.
    """
    if run.has_begun():
        raise UserError(
            f"{run.path} exists and is not overwritten; go on with it by --resume {run.path}, or "
            "choose another --name."
        )
    file = run.file("recipe.json")
    try:
        read_json(file, dict[str, object], RESTORE)
    # There is none, or one that was cut short: nothing is lost with it.
    except UserError:
        return
    try:
        stored = read(file, RESTORE)
    except UserError as error:
        raise UserError(
            f"{run.path} holds the recipe of a run of another kind that has not begun, or a "
            "damaged one; choose another --name."
        ) from error
    if stored != recipe:
        raise UserError(
            f"{run.path} holds a run of another recipe ({difference(stored, recipe)}) that has not "
            f"begun; begin it by --resume {run.path}, or choose another --name."
        )


def refuse_beside_resume(name: str, given, default, run: RunFolder) -> None:
    """Refuses a flag, other than its default, that a run which goes on has no use for."""
    if given != default:
        raise UserError(
            f"{flag(name)} {given} says nothing beside --resume, which goes on in {run.path}; "
            "leave it out."
        )
