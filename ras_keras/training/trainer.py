"""A recipe goes in, a run folder comes out."""

from collections.abc import Sequence

import keras
import numpy as np

from ras_keras.backend import devices
from ras_keras.data.batches import evaluation_batches
from ras_keras.errors import Argument, UserError
from ras_keras.gates.gates import Gates
from ras_keras.layers.parts.batch_normalization import replicas
from ras_keras.recipes.execution import ExecutionRecipe
from ras_keras.recipes.recipe import Recipe
from ras_keras.recipes.resolving import given
from ras_keras.runs import best_model, state
from ras_keras.runs.run_data import write_fingerprint
from ras_keras.runs.run_files import Outcome, Result
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
from ras_keras.training.evaluation import evaluate
from ras_keras.training.memory import peak_memory
from ras_keras.training.network import keep_weights, recipe_data, recipe_network, resumed
from ras_keras.training.plan import measure, print_estimate, print_plan, trainable_parameters
from ras_keras.training.reading_errors import stopped_by_image
from ras_keras.values.csv_files import write_table

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
        run: a folder of this process alone: a new one, or with `resume` that of the run to go on
            with.
        resume: whether to go on from the run's last state.
        tensorboard_graph: whether TensorBoard gets the network's graph.
        strategy: the TensorFlow distribution strategy; None for one device.
        callbacks: more Keras callbacks, called after the run's own; an `OnImages` among them is
            given images first.
        test: whether the test set is evaluated at the end; a search leaves it alone.
        same_data: runs that this one is compared with, on whose data it must be trained.

    Returns:
        The content of result.json.

    Raises:
        UserError: if the data cannot be had, or are not those of the run to go on with
            or of `same_data`.
        Diverged: if the loss is no longer a number, a `UserError`.
        Interrupted: on Ctrl-C or SIGTERM, after the step under way.
    """
    with devices.scope(strategy):
        start_recipe = resumed(recipe, run) if resume else recipe
        data = recipe_data(start_recipe, replicas(), [*([run] if resume else ()), *same_data])
        _check_execution(recipe.execution, data.batches)
        model = recipe_network(start_recipe, data)
        if resume:
            run.remove_leftovers()
            start, progress = state.load(run)
        else:
            start, progress = state.capture(model), state.Progress()
            keep_weights(recipe, run)
        run.write_environment(recipe)
        run.write_recipe(recipe)
        write_fingerprint(run, data.fingerprint)
        print_plan(recipe, data, model, progress, run, resume)
        with stopped_by_image(model, data):
            seconds_per_image = measure(model, data.batches)
        state.restore(model, start)
        if progress.epoch == 0:
            state.save(run, start, progress)
        print_estimate(recipe.optimization, data, progress, seconds_per_image)
        averaging = None
        if recipe.optimization.average_weights:
            averaging = WeightAveraging(model, data, given(recipe.optimization.batch_size))
        gates = _fit(recipe, run, model, averaging, data, progress, tensorboard_graph, callbacks)
        network = model
        if averaging:
            averaging.update()
            network = averaging.network
            gates = Gates(network)
        run.write_model("final.keras", network, data.class_names)
        if rows := gates.rows(_fixed_images(data)):
            write_table(run.file("gates.csv"), rows)
        result = _result(recipe, run, network, data, progress)
        if test:
            _add_test(result, recipe, run, network, data)
        result["peak_memory_bytes"] = peak_memory()
        run.write_json("result.json", result)
    print(f"trained in {duration(result['seconds'])}")
    return result


def _check_execution(recipe: ExecutionRecipe, batches):
    """Keras always executes all steps of a group: a group across two epochs would shift them."""
    steps, group = batches.steps_per_epoch, recipe.steps_per_execution
    if steps % group:
        fitting = ", ".join(str(n) for n in range(1, steps + 1) if steps % n == 0)
        raise UserError(
            Argument("steps_per_execution", group),
            f" does not divide the {steps} steps of an epoch; choose one of {fitting}.",
        )


def _fit(recipe, run, model, averaging, data, progress, tensorboard_graph, callbacks) -> Gates:
    """Trains the model; returns its gates, which have been compiled by then."""
    watched = None
    if data.watched and not averaging:
        classes = len(data.class_names) if data.batches.augmentation.distributions else None
        watched = evaluation_batches(data.watched, recipe.optimization.batch_size, classes)
    steps = data.batches.steps_per_epoch
    bar = ProgressBar(progress, recipe.optimization.epochs, steps)
    signals = StopOnSignal()
    spread = GateSpread()
    rate_at = recipe.optimization.learning_rate_at
    every = [
        *([averaging] if averaging else []),
        keras.callbacks.LearningRateScheduler(lambda epoch, _: rate_at(epoch)),
        StopOnNaN(),
        spread,
        EpochWriter(
            run,
            averaging.network if averaging else model,
            data.class_names,
            progress,
            data.batches.images_per_epoch,
            choose=data.watched is not None,
            rename="test_" if recipe.data.protocol == "paper" else "val_",
        ),
        keras.callbacks.TensorBoard(run.path, write_graph=tensorboard_graph),
        bar,
        signals,
        *callbacks,
    ]
    for callback in every:
        if isinstance(callback, OnImages):
            callback.set_images(_fixed_images(data), _looked_at(data), data.class_names)
    try:
        with stopped_by_image(model, data):
            model.fit(
                data.batches.from_step(progress.epoch * steps),
                initial_epoch=progress.epoch,
                epochs=recipe.optimization.epochs,
                steps_per_epoch=steps,
                validation_data=watched,
                shuffle=False,
                verbose=0,
                callbacks=every,
            )
    except Diverged as error:
        values, last = state.load(run)
        state.restore(model, values)
        run.write_model("last_good.keras", model, data.class_names)
        raise Diverged(
            f"{error}; the model after epoch {last.epoch} is {run.file('last_good.keras')}. Lower ",
            Argument("learning_rate"),
            f" (it was {rate_at(last.epoch):g}).",
        ) from error
    finally:
        bar.close()
        signals.release()
    return spread.gates


def _fixed_images(data):
    """The images on which gates are looked at."""
    return np.array(_looked_at(data).images[:GATE_IMAGES])


def _looked_at(data):
    """The images that are watched, or where there are none those of the training."""
    return data.watched or data.batches.train


def _result(recipe, run, model, data, progress) -> Result:
    """What came out of the training, its test apart."""
    return {
        "protocol": recipe.data.protocol,
        "dataset": recipe.data.dataset,
        "training_images": len(data.batches.images),
        "trainable_parameters": trainable_parameters(model),
        "epochs": progress.epoch,
        "device": devices.description(),
        "seconds": sum(row["seconds"] for row in progress.history),
        "final": {"epoch": progress.epoch},
        "best": _best(recipe, run, model, data, progress),
    }


def _best(recipe, run, network, data, progress) -> Outcome:
    """What came out as the best epoch; best.keras is its model."""
    if data.watched is None:
        run.write_model(best_model.FILE, network, data.class_names)
        return {"epoch": progress.epoch, "selected_on": "nothing: best is final"}
    images, prefix = "held-out training images", "val_"
    if recipe.data.protocol == "paper":
        images, prefix = "test images", "test_"
    best: Outcome = {
        "epoch": progress.best_epoch,
        "selected_on": f"{len(data.watched)} {images}",
    }
    accuracy = progress.best_accuracy
    if not best_model.secure(run, network, data.class_names, progress):
        lost = f"nothing: the model of epoch {progress.best_epoch} is lost, best is final"
        best = {"epoch": progress.epoch, "selected_on": lost}
        accuracy = progress.history[-1][f"{prefix}accuracy"]
    if recipe.data.protocol != "paper":
        best["val_accuracy"] = accuracy
    return best


def _add_test(result, recipe, run, model, data):
    """Evaluates the last and the best weights on the test set, once."""
    classes = len(data.class_names)
    best = final = evaluate(model, data.test, classes, recipe.optimization.batch_size)
    if result["best"]["epoch"] != result["epochs"]:
        best_model.load(run, model)
        best = evaluate(model, data.test, classes, recipe.optimization.batch_size)
    result["test_images"] = len(data.test)
    result["final"] |= final.summary()
    result["best"] |= best.summary()
