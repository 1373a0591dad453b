"""Train a network and leave a run folder."""

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from ras_keras.commands.flags import parse, value_of
from ras_keras.errors import UserError
from ras_keras.training import RECIPES, Interrupted, Recipe, RunFolder, resolve, train
from ras_keras.training.devices import strategy
from ras_keras.training.recipe import flag, one_of


@dataclass(frozen=True)
class Train:
    """Train a network on images and leave a run folder with its models and its record.

    Without flags: the paper's recipe on the embedded digits.
    """

    recipe: Recipe = field(default_factory=Recipe)
    log_dir: str = "Logs"
    """Folder of the run folders."""
    name: str | None = None
    """Name of the run folder; None makes one from the recipe and the time."""
    resume: str | None = None
    """Run folder to go on with, exactly; only --epochs may be raised."""
    tensorboard_graph: bool = False
    """Give TensorBoard the network's graph."""


def main(arguments: Sequence[str]) -> None:
    resumed = value_of("--resume", arguments)
    if resumed is None:
        name = value_of("--recipe", arguments) or "paper"
        one_of("--recipe", name, RECIPES)
        options = parse(Train, arguments, "train", Train(RECIPES[name]))
        recipe = resolve_checked(options.recipe)
        run = RunFolder.create(options.log_dir, options.name, recipe)
    else:
        run = RunFolder.open(resumed)
        stored = run.read_recipe()
        options = parse(Train, arguments, "train", Train(stored))
        recipe = resolve_checked(options.recipe)
        _refuse_changes(stored, recipe, run)
    try:
        result = train(
            recipe,
            run,
            resume=resumed is not None,
            tensorboard_graph=options.tensorboard_graph,
            strategy=strategy(),
        )
    except Interrupted:
        print(f"\ngo on with: python scripts/train.py --resume {run.path}", file=sys.stderr)
        raise
    except (UserError, OSError, KeyboardInterrupt):
        if resumed is None and not run.file("state").exists():
            run.discard()
        raise
    _print_result(result, run)


def resolve_checked(recipe: Recipe) -> Recipe:
    recipe.check()
    return resolve(recipe)


def _refuse_changes(stored: Recipe, recipe: Recipe, run: RunFolder) -> None:
    for each in dataclasses.fields(Recipe):
        before, now = getattr(stored, each.name), getattr(recipe, each.name)
        if not each.compare or before == now:
            continue
        if each.name == "epochs" and now > before:
            continue
        raise UserError(
            f"{flag(each.name)} {now} contradicts the run's {before}; only --epochs may be raised. "
            f"Leave the flag out to resume {run.path}, or start a new run."
        )
    if run.epochs_finished() == recipe.epochs:
        raise UserError(
            f"{run.path} has finished its {recipe.epochs} epochs; --epochs N lengthens it."
        )


def _print_result(result: dict, run: RunFolder) -> None:
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
