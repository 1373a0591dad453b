"""Train a network and leave a run folder."""

import dataclasses
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field

from ras_keras.commands.flags import parse, parse_with_recipe, value_of
from ras_keras.data.folder import is_folder
from ras_keras.errors import UserError
from ras_keras.training import RECIPES, Interrupted, Recipe, RunFolder, check_recipe, resolve, train
from ras_keras.training.devices import strategy
from ras_keras.training.recipe import flag

LOG_DIR = "Logs"


@dataclass(frozen=True)
class Train:
    """Train a network on images and leave a run folder with its models and its record.

    Without flags: the paper's recipe on the embedded digits.
    """

    recipe: Recipe = field(default_factory=lambda: RECIPES["paper"])
    log_dir: str = LOG_DIR
    """Folder of the run folders."""
    name: str | None = None
    """Name of the run folder; None makes one from the recipe and the time."""
    resume: str | None = None
    """Run folder to go on with, exactly; only --epochs may be raised."""
    tensorboard_graph: bool = False
    """Give TensorBoard the network's graph."""
    explain_every: int | None = None
    """Give TensorBoard pictures of the gates, their recurrence and Grad-CAM every so many epochs,
    and after the last one; None for never."""


def main(arguments: Sequence[str], program: str) -> None:
    resumed = value_of("--resume", arguments)
    if resumed is None:
        options = parse_with_recipe(Train, arguments, program)
        _check_explanation(options)
        check_recipe(options.recipe)
        recipe = resolve(options.recipe)
        run = RunFolder.create(options.log_dir, options.name, recipe)
    else:
        run = RunFolder.open(resumed)
        stored = run.read_recipe()
        options = parse(Train, arguments, program, Train(_without_place(stored, arguments)))
        _check_explanation(options)
        _refuse_changes(stored, options, run)
        recipe = resolve(options.recipe)
        # The weights that the run once started from are in its state.
        check_recipe(dataclasses.replace(recipe, weights=None))
    try:
        result = train(
            recipe,
            run,
            resume=resumed is not None,
            tensorboard_graph=options.tensorboard_graph,
            strategy=strategy(),
            callbacks=_explanation(options, run, recipe.epochs),
        )
    except (UserError, OSError, Interrupted, KeyboardInterrupt) as error:
        if resumed is None and not run.file("state").exists():
            run.discard()
        elif isinstance(error, Interrupted | KeyboardInterrupt):
            raise Interrupted(
                f"{str(error) or 'SIGINT'}; go on, with the epoch under way done again, by: "
                f"{program} --resume {shlex.quote(str(run.path))}"
            ) from error
        raise
    print_result(result, run)


def _check_explanation(options: Train) -> None:
    if options.explain_every is not None and options.explain_every < 1:
        raise UserError(f"--explain-every must be >= 1. Received: {options.explain_every}")


def _explanation(options: Train, run: RunFolder, epochs: int) -> list:
    """The callback that draws, if it was asked for."""
    if options.explain_every is None:
        return []
    from ras_keras.explain.training_pictures import TrainingPictures

    return [TrainingPictures(run.file("explanation"), options.explain_every, epochs)]


def _without_place(stored: Recipe, arguments: Sequence[str]) -> Recipe:
    """The run's recipe; a folder that --dataset names brings its own place."""
    named = value_of("--dataset", arguments)
    if named is not None and is_folder(named):
        return dataclasses.replace(stored, data_dir=None)
    return stored


def _refuse_changes(stored: Recipe, options: Train, run: RunFolder) -> None:
    for name, given, kept in (
        ("log_dir", options.log_dir, LOG_DIR),
        ("name", options.name, None),
    ):
        if given != kept:
            raise UserError(
                f"{flag(name)} {given} says nothing beside --resume, which goes on in {run.path}; "
                "leave it out."
            )
    given = options.recipe.compared()
    for name, before in stored.compared().items():
        if before == given[name] or (name == "epochs" and given[name] > before):
            continue
        before, now = getattr(stored, name), getattr(options.recipe, name)
        raise UserError(
            f"{flag(name)} {now} contradicts the run's "
            f"{'default' if before is None else before}; only --epochs may be raised. "
            f"Leave the flag out to resume {run.path}, or start a new run."
        )
    if run.epochs_finished() == options.recipe.epochs:
        raise UserError(
            f"{run.path} has finished its {options.recipe.epochs} epochs; --epochs N lengthens it."
        )


def print_result(result: dict, run: RunFolder) -> None:
    for which in ("final", "best"):
        model = result[which]
        chosen = f", chosen on {model['selected_on']}" if which == "best" else ""
        print(
            f"{which:8} test accuracy {100 * model['test_accuracy']:.2f} % "
            f"(n={result['test_images']:,}, epoch {model['epoch']}{chosen}): "
            f"{run.file(which + '.keras')}"
        )
    if result["protocol"] == "paper":
        print("notice   the papers' protocol: the best epoch was chosen on the test set itself")
