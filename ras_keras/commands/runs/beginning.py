"""A run that is to begin or to go on: the schedule of its epochs, the folder that it may take."""

from collections.abc import Sequence

from ras_keras.errors import UserError
from ras_keras.recipes.optimization import DescentRecipe
from ras_keras.recipes.parted import difference
from ras_keras.text.flags import flag
from ras_keras.text.numbers import counted
from ras_keras.training import Recipe, RunFolder


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


def refuse_begun(run: RunFolder) -> None:
    """Refuses the folder of a run that has begun."""
    if run.has_begun():
        raise UserError(
            f"{run.path} exists and is not overwritten; go on with it by --resume {run.path}, or "
            "choose another --name."
        )


def refuse_another(run: RunFolder, recipe: Recipe) -> None:
    """Refuses the folder of a run that has begun, or that of another recipe."""
    refuse_begun(run)
    if not run.file("recipe.json").is_file():
        return
    try:
        stored = run.read_recipe()
    # Nothing is lost with it.
    except UserError:
        return
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
