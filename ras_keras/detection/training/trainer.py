"""A recipe of a detector goes in, a run folder comes out."""

import dataclasses
from collections.abc import Sequence

import keras

from ras_keras.detection.data.annotations import AnnotatedImages
from ras_keras.detection.finding import find
from ras_keras.detection.network.non_maximum_suppression import detector
from ras_keras.detection.network.retina_net import RetinaNet
from ras_keras.detection.recipes.recipe import DetectionRecipe
from ras_keras.detection.scores import score
from ras_keras.detection.training.compiled_detector import compiled_detector
from ras_keras.detection.training.coverage import check_coverage
from ras_keras.detection.training.plan import print_plan
from ras_keras.detection.training.prepared_boxes import PreparedBoxes, load_boxes
from ras_keras.detection.training.result import DetectionResult, write_outcome
from ras_keras.recipes.resolving import given
from ras_keras.runs import state
from ras_keras.runs.run_data import check_same_data, write_fingerprint
from ras_keras.runs.run_folder import RunFolder
from ras_keras.text.numbers import duration
from ras_keras.training.callbacks import (
    Diverged,
    EpochWriter,
    ProgressBar,
    StopOnNaN,
    StopOnSignal,
)
from ras_keras.training.memory import peak_memory
from ras_keras.training.outcome import write_last_good
from ras_keras.training.plan import measure
from ras_keras.training.reading_errors import stopped_by_image
from ras_keras.training.trainer import check_execution


def train_detector(
    recipe: DetectionRecipe, run: RunFolder, command: Sequence[str], *, resume: bool = False
) -> DetectionResult:
    """Trains a recipe's detector and leaves the run in its folder.

    Batches are functions of (seed, step), and the state is kept after every epoch: a run that is
    stopped and resumed ends as one that was not.

    Args:
        recipe: a resolved recipe that has been checked.
        run: a folder of this training alone: a new one, or with `resume` that of the run to go on
            with.
        command: with its flags, for the record.
        resume: whether to go on from the run's last state.

    Returns:
        The content of result.json.

    Raises:
        UserError: if the data cannot be had, or are not those of the run to go on with.
        Diverged: if the loss is no longer a number, a `UserError`.
        Interrupted: on Ctrl-C or SIGTERM, after the step under way.
    """
    data = load_boxes(
        recipe.boxes,
        batch_size=given(recipe.descent.batch_size),
        seed=recipe.execution.seed,
    )
    if resume:
        check_same_data(run, data.fingerprint, recipe.boxes.dataset, "dataset")
    check_execution(recipe.execution, data.batches)
    # The weights of a run that goes on are in its state.
    model = compiled_detector(
        recipe.replace(weights=None) if resume else recipe, len(data.class_names)
    )
    uncovered = check_coverage(data.train, model.anchors)
    start, progress = state.load(run) if resume else (state.capture(model), state.Progress())
    if resume:
        run.remove_leftovers()
    run.write_environment(command)
    write_recipe(run, recipe)
    write_fingerprint(run, data.fingerprint)
    print_plan(recipe, run, model, data, progress, uncovered)
    with stopped_by_image(model, data.batches, None):
        seconds = measure(model, data.batches)
    state.restore(model, start)
    if progress.epoch == 0:
        state.save(run, start, progress)
    left = (recipe.descent.epochs - progress.epoch) * data.batches.images_per_epoch * seconds
    print(
        f"about {duration(left)}, evaluation apart ({_figure(1 / seconds)} images/s; at most "
        f"{peak_memory() / 1e9:.1f} GB of memory so far)",
        flush=True,
    )
    _fit(recipe, run, model, data, progress)
    losses = [row["loss"] or 0.0 for row in progress.history]
    if losses[-1] > losses[0]:
        print(
            f"notice   the loss of the last epoch, {losses[-1]:.3g}, is above that of the first, "
            f"{losses[0]:.3g}: the network has not learned; a lower learning rate may help"
        )
    return write_outcome(recipe, run, model, data, progress)


def _figure(speed: float) -> str:
    return f"{speed:,.0f}" if speed >= 10 else f"{speed:.2g}"


def write_recipe(run: RunFolder, recipe: DetectionRecipe) -> None:
    """recipe.json, which holds in any working directory."""
    located = dataclasses.replace(recipe, boxes=recipe.boxes.located())
    run.write_json("recipe.json", located.to_dict())


class WatchedScores(keras.callbacks.Callback):
    """Logs the average precision on held-out images after each epoch: `val_ap`, `val_ap50`."""

    def __init__(self, images: AnnotatedImages, batch_size: int):
        super().__init__()
        self.images = images
        self.batch_size = batch_size

    def on_train_begin(self, logs=None):
        self.network = detector(self.model)

    def on_epoch_end(self, epoch, logs=None):
        scores = score(find(self.network, self.images, self.batch_size), self.images)
        logs |= {"val_ap": scores.ap, "val_ap50": scores.ap50}


def _fit(
    recipe: DetectionRecipe,
    run: RunFolder,
    model: RetinaNet,
    data: PreparedBoxes,
    progress: state.Progress,
) -> None:
    steps, epochs = data.batches.steps_per_epoch, recipe.descent.epochs
    rate_at = recipe.descent.learning_rate_at
    bar, signals = ProgressBar(progress, epochs, steps), StopOnSignal()
    watching = []
    if data.watched is not None:
        watching.append(WatchedScores(data.watched, given(recipe.descent.batch_size)))
    choose = ("val_ap50", "loss") if watching else None
    callbacks = [
        keras.callbacks.LearningRateScheduler(lambda epoch, _: rate_at(epoch)),
        StopOnNaN(),
        *watching,
        EpochWriter(run, model, data.class_names, progress, data.batches.images_per_epoch, choose),
        keras.callbacks.TensorBoard(run.path, write_graph=False),
        bar,
        signals,
    ]
    try:
        with stopped_by_image(model, data.batches, None):
            model.fit(
                data.batches.from_step(progress.epoch * steps),
                initial_epoch=progress.epoch,
                epochs=epochs,
                steps_per_epoch=steps,
                shuffle=False,
                verbose=0,
                callbacks=callbacks,
            )
    except Diverged as error:
        epoch = write_last_good(run, model, data.class_names)
        raise error.after(epoch, run.file("last_good.keras"), rate_at(epoch)) from error
    finally:
        bar.close()
        signals.release()
