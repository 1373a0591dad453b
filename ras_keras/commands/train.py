"""Train a network and leave a run folder."""

import contextlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from ras_keras.backend.devices import strategy
from ras_keras.backend.processes import (
    check_same,
    code_digest,
    from_first,
    is_first,
    joined,
    part,
)
from ras_keras.commands.interruption import leaving_at_once
from ras_keras.commands.line.fields import Folder, Name, Run
from ras_keras.commands.line.flags import (
    first_recipe,
    parse_over,
    parse_with_recipe,
    value_of,
    without,
)
from ras_keras.commands.line.moved_flags import given_flags
from ras_keras.commands.runs.beginning import (
    epochs_of,
    refuse_another,
    refuse_beside_resume,
    schedule_of_epochs,
)
from ras_keras.commands.runs.ending import print_result
from ras_keras.commands.runs.several_seeds import train_seeds
from ras_keras.commands.runs.stopping import stoppable_run
from ras_keras.data.folder import is_folder
from ras_keras.errors import UserError
from ras_keras.layers.registry import NONE
from ras_keras.locks import locked
from ras_keras.recipes.network import SAVED
from ras_keras.recipes.values import read_recipe
from ras_keras.text.flags import flag
from ras_keras.training import RECIPES, Recipe, RunFolder, check_recipe, resolve, train
from ras_keras.training.gradient_norms import GradientNorms
from ras_keras.training.network import resumed
from ras_keras.values.options import name_of, split, with_options
from ras_keras.values.typed import Bounds, Count

LOG_DIR = "Logs"


@dataclass(frozen=True)
class Train:
    """Train a network on images and leave a run folder with its models and its record.

    Without flags: the paper's recipe on the embedded digits.
    """

    recipe: Recipe = field(default_factory=lambda: RECIPES["paper"])
    log_dir: Folder = LOG_DIR
    """Folder of the run folders."""
    name: Name | None = None
    """Name of the run folder; None makes one from the recipe and the time."""
    add_attention: Name | None = None
    """Put this attention into the network in --weights, whatever it is, as --model saved
    --attention TEXT do: ras, se:reduction_ratio=8."""
    resume: Run | None = None
    """Run folder to go on with, exactly; only --epochs may be raised."""
    seeds: Annotated[int, Bounds(1, 1_000)] = 1
    """Runs with the recipe's seed, the next one, ...; their folders are called NAME-s0, NAME-s1."""
    tensorboard_graph: bool = False
    """Give TensorBoard the network's graph."""
    explain_every: Count | None = None
    """Give TensorBoard pictures of the gates, their recurrence and Grad-CAM every so many epochs,
    and after the last one; None for never."""
    gradients: bool = False
    """Write gradients.csv, the L2 norm of the loss's gradient of each stage's kernels on a fixed
    batch before the first epoch and after each, which study.py draws."""


def main(arguments: Sequence[str], program: str) -> None:
    with joined():
        _main(arguments, program)


def _main(arguments: Sequence[str], program: str) -> None:
    goes_on = value_of("--resume", arguments) is not None
    with leaving_at_once():
        read = _read_resumed if goes_on else _read_new
        options, recipe, run = read(arguments, program)
    if run is None:
        if part()[1] > 1:
            raise UserError(
                f"--seeds {options.seeds} trains one run after another, which several processes do "
                "not do together; give a command for each --seed."
            )
        return train_seeds(
            recipe,
            options.seeds,
            options.log_dir,
            options.name,
            lambda run: _options(options, run, recipe),
        )

    with locked(run.path) if is_first() else contextlib.nullcontext():
        if goes_on and _is_finished(run, recipe):
            # The epochs were asked for: a command that was given before may be given again.
            print(
                f"notice: {run.path} has finished its {epochs_of(recipe)}",
                file=sys.stderr,
            )
            return print_result(run.read_result(), run)
        if not goes_on and is_first():
            refuse_another(run, recipe, read_recipe)
        with stoppable_run(run, program, goes_on=goes_on):
            result = _train(options, recipe, run)
    print_result(result, run)


def _read_new(arguments: Sequence[str], program: str) -> tuple[Train, Recipe, RunFolder | None]:
    """Options, checked recipe and folder of a new run, None for a run for each of several seeds."""
    arguments = _with_added_attention(arguments)
    options = parse_with_recipe(Train, arguments, program)
    recipe = options.recipe
    if "schedule" not in dict(given_flags(arguments)):
        before = first_recipe(arguments).optimization
        recipe = recipe.replace(schedule=schedule_of_epochs(recipe.optimization, before))
    check_recipe(recipe)
    recipe = resolve(recipe)
    _check_same(recipe)
    if options.seeds > 1:
        return options, recipe, None
    create = RunFolder.create
    path = from_first(lambda: str(create(options.log_dir, options.name, recipe).path))
    return options, recipe, RunFolder(Path(path))


def _check_same(recipe: Recipe) -> None:
    """Refuses several processes that would not train the same, where the data lie apart."""
    if part()[1] == 1:
        return
    check_same("recipe", json.dumps(recipe.compared(), sort_keys=True, default=str))
    check_same("version of the code", code_digest())


def _with_added_attention(arguments: Sequence[str]) -> Sequence[str]:
    """The flags that --add-attention stands for, in its place."""
    added = value_of("--add-attention", arguments)
    if added is None:
        return arguments
    if added == NONE:
        raise UserError(
            f"--add-attention {NONE} adds nothing; give --model {SAVED} for the network alone."
        )
    model, attention = (value_of(name, arguments) for name in ("--model", "--attention"))
    for name, given in (("--model", model), ("--attention", attention)):
        if given is not None and (name == "--attention" or name_of(given) != SAVED):
            raise UserError(
                f"{name} {given} and --add-attention {added} exclude each other: the network is "
                "that in --weights; leave one of them out."
            )
    return [
        *without("--add-attention", arguments),
        *(() if model else ("--model", SAVED)),
        "--attention",
        added,
    ]


def _read_resumed(arguments: Sequence[str], program: str) -> tuple[Train, Recipe, RunFolder]:
    """Options, checked recipe and folder of a run to go on with."""
    run = RunFolder.open(value_of("--resume", arguments))
    stored = run.read_recipe()
    options = parse_over(Train, arguments, program, Train(_without_place(stored, arguments)))
    _refuse_changes(stored, options, run)
    if _is_finished(run, stored) and value_of("--epochs", arguments) is None:
        raise UserError(
            f"{run.path} has finished its {epochs_of(stored)}; --epochs N lengthens it."
        )
    recipe = resolve(options.recipe)
    check_recipe(resumed(recipe, run) if run.has_begun() else recipe)
    _check_same(recipe)
    return options, recipe, run


def _is_finished(run: RunFolder, recipe: Recipe) -> bool:
    return run.epochs_finished() == recipe.optimization.epochs


def _train(options: Train, recipe: Recipe, run: RunFolder) -> dict:
    """Trains a run from its beginning or from its last state."""

    def has_begun() -> bool:
        begun = run.has_begun()
        if not begun:
            if run.file("recipe.json").is_file():
                print(f"notice   {run.path} was stopped before its first epoch: it begins anew")
            run.begin(recipe)
        return begun

    return train(
        recipe,
        run,
        resume=from_first(has_begun),
        strategy=strategy(),
        **_options(options, run, recipe),
    )


def _options(options: Train, run: RunFolder, recipe: Recipe) -> dict:
    """What `train` takes for a run beside its recipe."""
    callbacks = _callbacks(options, run, recipe.optimization.epochs)
    return {"tensorboard_graph": options.tensorboard_graph, "callbacks": callbacks}


def _callbacks(options: Train, run: RunFolder, epochs: int) -> list:
    """What was asked for beside the training: pictures, and the norms of gradients."""
    callbacks: list = [GradientNorms(run)] if options.gradients else []
    if options.explain_every is not None:
        from ras_keras.explain.training_pictures import TrainingPictures

        callbacks.append(TrainingPictures(run.file("explanation"), options.explain_every, epochs))
    return callbacks


def _without_place(stored: Recipe, arguments: Sequence[str]) -> Recipe:
    """The run's recipe; a folder that --dataset names brings its own place."""
    named = value_of("--dataset", arguments)
    if named is not None and is_folder(named):
        return stored.replace(data_dir=None)
    return stored


def _refuse_changes(stored: Recipe, options: Train, run: RunFolder) -> None:
    for name, given, kept in (
        ("log_dir", options.log_dir, LOG_DIR),
        ("name", options.name, None),
        ("seeds", options.seeds, 1),
        ("add_attention", options.add_attention, None),
    ):
        refuse_beside_resume(name, given, kept, run)
    given = options.recipe.compared()
    for name, before in stored.compared().items():
        if before == given[name] or (name == "epochs" and given[name] > before):
            continue
        before, now = stored.values()[name], options.recipe.values()[name]
        if name == "attention" and with_options(now, k="") == with_options(before, k=""):
            name, before, now = "k", *(split(text)[1].get("k") for text in (before, now))
        raise UserError(
            f"{flag(name)} {now} contradicts the run's "
            f"{'default' if before is None else before}; only --epochs may be raised. "
            f"Leave the flag out to resume {run.path}, or start a new run."
        )
