"""Runs that are begun, gone on with, or found finished, whichever it is."""

from pathlib import Path

from ras_keras.backend.devices import strategy
from ras_keras.backend.imports import import_modules
from ras_keras.errors import UserError
from ras_keras.locks import locked
from ras_keras.recipes.parted import difference
from ras_keras.recipes.recipe import Recipe
from ras_keras.recipes.resolving import resolve
from ras_keras.runs.run_files import Result
from ras_keras.runs.run_folder import RunFolder
from ras_keras.training.memory import released
from ras_keras.training.trainer import train


def train_or_resume(recipe: Recipe, path: Path, **options) -> Result:
    """Brings the run in `path` to its end: searches and tables are many runs like that.

    A run that has finished is not trained again, one that was cut short goes on
    from its last state, one that finished with fewer epochs is lengthened, and one that
    was not tested is tested, if `test` is not False.

    Args:
        recipe: a resolved recipe that has been checked.
        path: of the run folder, which need not exist.
        **options: of `train`.

    Returns:
        The content of result.json.

    Raises:
        UserError: if the folder holds a run of another recipe, or as `train` does.
    """
    run = RunFolder(path)
    if run.file("recipe.json").is_file():
        stored = run.read_recipe()
        epochs = recipe.optimization.epochs
        if stored.optimization.epochs > epochs or stored.replace(epochs=epochs) != recipe:
            raise UserError(
                f"{path} holds a run of another recipe ({difference(stored, recipe)}); move it "
                "away or choose another folder."
            )
        tested = options.get("test", True)
        if run.epochs_finished(tested) == epochs:
            return run.read_result(tested)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"{path} cannot be created ({error.strerror}); choose another folder."
        ) from error
    with locked(path), released():
        resume = run.has_state()
        if not resume:
            run.begin(recipe)
        return train(recipe, run, resume=resume, **options)


def train_here(recipe: Recipe, path: Path, **options) -> Result:
    """As `train_or_resume`, whatever process this is: with its devices and the user's modules.

    Args:
        recipe: one that has been checked, not resolved: the devices are those of this process.
        path: of the run folder, which need not exist.
        **options: of `train`, without a strategy.

    Returns:
        The content of result.json.

    Raises:
        UserError: as `train_or_resume` does.
    """
    import_modules(recipe.network.imports)
    return train_or_resume(resolve(recipe), path, strategy=strategy(), **options)
