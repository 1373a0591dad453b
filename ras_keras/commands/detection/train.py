"""Train a detector and leave a run folder."""

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ras_keras.backend.imports import import_modules
from ras_keras.commands.interruption import leaving_at_once
from ras_keras.commands.line.fields import Folder, Name, Run
from ras_keras.commands.line.flags import parse, value_of, without
from ras_keras.commands.line.moved_flags import given_flags
from ras_keras.commands.runs.beginning import (
    RESTORE,
    refuse_another,
    refuse_beside_resume,
    schedule_of_epochs,
)
from ras_keras.commands.runs.ending import print_models
from ras_keras.commands.runs.stopping import stoppable_run
from ras_keras.detection.recipes.check import check_detection_recipe, read_detection_recipe, resolve
from ras_keras.detection.recipes.named import NAMED
from ras_keras.detection.recipes.recipe import DetectionRecipe
from ras_keras.detection.scores import check_scoring
from ras_keras.detection.training.result import DetectionResult, has_result, read_result
from ras_keras.detection.training.trainer import train_detector, write_recipe
from ras_keras.errors import UserError
from ras_keras.locks import locked
from ras_keras.recipes.parted import difference
from ras_keras.runs.run_folder import RunFolder
from ras_keras.text.numbers import percent
from ras_keras.values.options import name_of

LOG_DIR = "Logs"


@dataclass(frozen=True)
class DetectTrain:
    """Train a detector on images with boxes and leave a run folder with its models and its record.

    Without flags: the recipe shapes, which shows in minutes that the detector learns.
    """

    recipe: DetectionRecipe = field(default_factory=lambda: NAMED["shapes"].recipe)
    log_dir: Folder = LOG_DIR
    """Folder of the run folders."""
    name: Name | None = None
    """Name of the run folder; None makes one from the recipe and the time."""
    resume: Run | None = None
    """Run folder to go on with, exactly; only --epochs may be raised."""


def main(arguments: Sequence[str], program: str) -> None:
    check_scoring()
    goes_on = value_of("--resume", arguments) is not None
    with leaving_at_once():
        recipe, run = (_read_resumed if goes_on else _read_new)(arguments, program)

    with locked(run.path):
        if goes_on and has_result(run, recipe.descent.epochs):
            # The epochs were asked for: a command that was given before may be given again.
            print(f"notice: {run.path} has finished its epochs", file=sys.stderr)
            return _print(read_result(run), run)
        if not goes_on:
            refuse_another(run, recipe, read_detection_recipe)
        with stoppable_run(run, program, goes_on=goes_on):
            resume = run.has_begun()
            if not resume:
                run.clear()
                write_recipe(run, recipe)
            result = train_detector(recipe, run, ["detect", "train", *arguments], resume=resume)
    _print(result, run)
    return None


def _read_new(arguments: Sequence[str], program: str) -> tuple[DetectionRecipe, RunFolder]:
    named = value_of("--recipe", arguments) or "shapes"
    start = NAMED[named].recipe if named in NAMED else None
    if start is None and (named.endswith(".json") or Path(named).is_file()):
        start = read_detection_recipe(Path(named), "name another file, or a recipe such as shapes")
        arguments = without("--recipe", arguments)
    start = start or NAMED["shapes"].recipe
    family = name_of(value_of("--model", arguments) or start.detector.model)
    start = dataclasses.replace(start, detector=start.detector.in_family(family))
    options = parse(DetectTrain, arguments, program, DetectTrain(recipe=start))
    recipe = options.recipe
    detector = recipe.detector.overlaid(start.detector)
    recipe = dataclasses.replace(recipe, detector=detector)
    if "schedule" not in dict(given_flags(arguments)):
        recipe = recipe.replace(schedule=schedule_of_epochs(recipe.descent, start.descent))
    import_modules(recipe.detector.imports)
    check_detection_recipe(recipe)
    _refuse_to_keep_a_random_start(recipe)
    recipe = resolve(recipe)
    network = f"retinanet-{recipe.detector.describe_model()}-{recipe.detector.attention_name}"
    run = RunFolder.at(
        options.log_dir,
        options.name,
        recipe.boxes.dataset.rpartition(":")[2],
        network,
        recipe.execution.seed,
    )
    return recipe, run


def _refuse_to_keep_a_random_start(recipe: DetectionRecipe) -> None:
    """Refuses stages that stay as they are, and statistics that do, where nothing trained them."""
    detector = recipe.detector
    if detector.weights is not None:
        return
    kept = {}
    if detector.frozen_stages:
        kept[f"--frozen-stages {detector.frozen_stages}"] = "--frozen-stages 0"
    if detector.norm_eval:
        kept["--norm-eval"] = "--no-norm-eval"
    if kept:
        raise UserError(
            f"{' and '.join(kept)} (recipe {recipe.recipe}) would keep what a random start has to "
            f"the end; give a trained backbone by --weights, or {' '.join(kept.values())}."
        )


def _read_resumed(arguments: Sequence[str], program: str) -> tuple[DetectionRecipe, RunFolder]:
    run = RunFolder.open(value_of("--resume", arguments))
    stored = read_detection_recipe(run.file("recipe.json"), RESTORE)
    options = parse(DetectTrain, arguments, program, DetectTrain(recipe=stored))
    for name, kept in (("log_dir", LOG_DIR), ("name", None)):
        refuse_beside_resume(name, getattr(options, name), kept, run)
    recipe = options.recipe
    epochs = recipe.descent.epochs
    if epochs < stored.descent.epochs or recipe != stored.replace(epochs=epochs):
        raise UserError(
            f"{run.path} was begun with another recipe ({difference(stored, recipe)}); only "
            "--epochs may be raised. Leave the flag out, or start a new run."
        )
    if has_result(run, stored.descent.epochs) and value_of("--epochs", arguments) is None:
        raise UserError(
            f"{run.path} has finished its {stored.descent.epochs} epochs; --epochs N lengthens it."
        )
    import_modules(recipe.detector.imports)
    check_detection_recipe(recipe)
    return resolve(recipe), run


def _print(result: DetectionResult, run: RunFolder) -> None:
    def figures(model) -> str:
        return f"AP50 {percent(model['test_ap50'])}, AP {percent(model['test_ap'])}"

    print_models(result, run, figures, "chosen by")
