"""A recipe goes in, a run folder comes out."""

from collections.abc import Sequence
from dataclasses import replace

import keras
import numpy as np

from ras_keras.backend import devices
from ras_keras.backend.keras_variables import alone
from ras_keras.backend.processes import check_same, from_first, is_first, part
from ras_keras.data.batches import evaluation_batches
from ras_keras.errors import Argument, UserError
from ras_keras.gates.gates import Gates
from ras_keras.layers.parts.batch_normalization import replicas
from ras_keras.recipes.execution import ExecutionRecipe
from ras_keras.recipes.recipe import Recipe
from ras_keras.recipes.resolving import given
from ras_keras.recipes.starts import to_flags
from ras_keras.runs import state
from ras_keras.runs.run_data import write_fingerprint
from ras_keras.runs.run_files import Result
from ras_keras.runs.run_folder import RunFolder
from ras_keras.training.averaging import WeightAveraging
from ras_keras.training.callbacks import (
    Diverged,
    EpochWriter,
    GateSpread,
    OnImages,
    ProgressBar,
    StopOnNaN,
    StopOnSignal,
    duration,
)
from ras_keras.training.network import keep_weights, recipe_data, recipe_network, resumed
from ras_keras.training.outcome import write_last_good, write_outcome
from ras_keras.training.plan import measure, print_estimate, print_plan
from ras_keras.training.reading_errors import stopped_by_image
from ras_keras.training.several_devices import Alone, Watch

GATE_IMAGES = 128


def train(
    recipe: Recipe,
    run: RunFolder,
    *,
    resume: bool = False,
    tensorboard_graph: bool = False,
    strategy=None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    test: bool = True,
    same_data: Sequence[RunFolder] = (),
) -> Result:
    """Trains a recipe's network and leaves the run in its folder.

    Args:
        recipe: a resolved recipe that has been checked.
        run: a folder of this training alone: a new one, or with `resume` that of the run to go on
            with. Of several processes that train together all read it and the first one writes.
        resume: whether to go on from the run's last state.
        tensorboard_graph: whether TensorBoard gets the network's graph.
        strategy: what `ras_keras.backend.devices.strategy` returns; None for one device.
        callbacks: more Keras callbacks, called after the run's own; an `OnImages` among them is
            given images first.
        test: whether the test set is evaluated at the end; a search leaves it alone.
        same_data: runs that this one is compared with, on whose data it must be trained.

    Returns:
        The content of result.json.

    Raises:
        UserError: if the data cannot be had, or are not those of the run to go on with,
            of `same_data` or of the other processes.
        Diverged: if the loss is no longer a number, a `UserError`.
        Interrupted: on Ctrl-C or SIGTERM, after the step under way.
    """
    with devices.scope(strategy):
        start_recipe = resumed(recipe, run) if resume else recipe
        runs = [*([run] if resume else ()), *same_data]
        data = recipe_data(start_recipe, replicas(), runs, part())
        check_same("data set", str(data.fingerprint))
        check_execution(recipe.execution, data.batches)
        model = recipe_network(start_recipe, data)
        start, progress = state.load(run) if resume else (state.capture(model), state.Progress())
        check_same("state to go on from", str(progress))
        if is_first():
            _note_start(recipe, run, data, resume)
        print_plan(recipe, data, model, progress, run, resume)
        with stopped_by_image(model, data.batches, data.watched):
            seconds_per_image = measure(model, data.batches)
        state.restore(model, start)
        if progress.epoch == 0 and is_first():
            state.save(run, start, progress)
        print_estimate(recipe.optimization, data, progress, seconds_per_image)
        batch_size, averaging = _batch_of_device(recipe), None
        if recipe.optimization.average_weights and is_first():
            with alone(model):
                whole = replace(data, batches=data.batches.whole())
                averaging = WeightAveraging(model, whole, batch_size)
        gates = _fit(recipe, run, model, averaging, data, progress, tensorboard_graph, callbacks)

        def come_to_the_end() -> Result:
            network, its_gates, images = model, gates, _fixed_images(data)
            with alone(model):
                if averaging:
                    averaging.update()
                    network, its_gates = averaging.network, Gates(averaging.network)
                return write_outcome(
                    *(recipe, run, network, its_gates, images, data, progress, batch_size, test)
                )

        result = from_first(come_to_the_end)
    print(f"trained in {duration(result['seconds'])}")
    return result


def _note_start(recipe, run, data, resume):
    """Writes what the run says of itself before its first step."""
    if resume:
        run.remove_leftovers()
    else:
        keep_weights(recipe, run)
    run.write_environment(["train", *to_flags(recipe)])
    run.write_recipe(recipe)
    write_fingerprint(run, data.fingerprint)


def _batch_of_device(recipe) -> int:
    """Images that are evaluated at a time: on JAX a device evaluates by itself."""
    batch_size = given(recipe.optimization.batch_size)
    return batch_size if keras.backend.backend() == "tensorflow" else batch_size // replicas()


def _batch_of_all_devices(recipe, count: int) -> int:
    """Images that are evaluated at a time, so that each device has some in every batch."""
    number = replicas()
    largest = min(given(recipe.optimization.batch_size), count)
    sizes = range(largest - largest % number, 0, -number)
    return next((size for size in sizes if not 0 < count % size < number), largest)


def check_execution(recipe: ExecutionRecipe, batches) -> None:
    """Keras always executes all steps of a group: a group across two epochs would shift them."""
    steps, group = batches.steps_per_epoch, recipe.steps_per_execution
    if steps % group:
        fitting = ", ".join(str(n) for n in range(1, steps + 1) if steps % n == 0)
        raise UserError(
            Argument("steps_per_execution", group),
            f" does not divide the {steps} steps of an epoch; choose one of {fitting}.",
        )


def _fit(
    recipe, run, model, averaging, data, progress, tensorboard_graph, callbacks
) -> Gates | None:
    """Trains the model; returns its gates, compiled by then, in the first process."""
    watched = None
    rate_at = recipe.optimization.learning_rate_at
    together: list = [
        keras.callbacks.LearningRateScheduler(lambda epoch, _: rate_at(epoch)),
        StopOnNaN(),
    ]
    distribution = keras.distribution.distribution()
    if data.watched and not recipe.optimization.average_weights:
        classes = len(data.class_names) if data.batches.augmentation.distributions else None
        if distribution is None:
            size = _batch_of_all_devices(recipe, len(data.watched))
            watched = evaluation_batches(data.watched, size, classes)
        else:
            together.insert(0, Watch(data.watched, _batch_of_device(recipe), classes))
    steps = data.batches.steps_per_epoch
    bar = ProgressBar(progress, recipe.optimization.epochs, steps)
    signals = StopOnSignal()
    prefix = "test_" if recipe.data.protocol == "paper" else "val_"
    spread = GateSpread()
    own = [
        *([averaging] if averaging else []),
        spread,
        EpochWriter(
            run,
            averaging.network if averaging else model,
            data.class_names,
            progress,
            data.batches.images_per_epoch,
            choose=(f"{prefix}accuracy", f"{prefix}loss") if data.watched is not None else None,
            rename=prefix,
        ),
        keras.callbacks.TensorBoard(run.path, write_graph=tensorboard_graph),
        bar,
        *callbacks,
    ]
    for callback in own:
        if isinstance(callback, OnImages):
            callback.set_images(_fixed_images(data), _looked_at(data), data.class_names)
    if distribution is not None:
        own = [Alone(own)] if is_first() else []
    try:
        with stopped_by_image(model, data.batches, data.watched):
            model.fit(
                data.batches.from_step(progress.epoch * steps),
                initial_epoch=progress.epoch,
                epochs=recipe.optimization.epochs,
                steps_per_epoch=steps,
                validation_data=watched,
                shuffle=False,
                verbose=0,
                callbacks=[*together, *own, signals],
            )
    except Diverged as error:

        def keep() -> int:
            with alone(model):
                return write_last_good(run, model, data.class_names)

        epoch = from_first(keep)
        raise error.after(epoch, run.file("last_good.keras"), rate_at(epoch)) from error
    finally:
        bar.close()
        signals.release()
    return spread.gates if is_first() else None


def _fixed_images(data):
    """The images on which gates are looked at."""
    return np.array(_looked_at(data).images[:GATE_IMAGES])


def _looked_at(data):
    """The images that are watched, or where there are none those of the training."""
    return data.watched or data.batches.train
