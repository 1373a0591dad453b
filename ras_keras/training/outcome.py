"""What comes out of a training: its models, gates.csv and result.json."""

from ras_keras.backend import devices
from ras_keras.recipes.resolving import located
from ras_keras.runs import best_model, state
from ras_keras.runs.run_files import Outcome, Result
from ras_keras.training.evaluation import evaluate
from ras_keras.training.memory import peak_memory
from ras_keras.training.plan import trainable_parameters
from ras_keras.values.csv_files import write_table


def write_outcome(recipe, run, network, gates, images, data, progress, batch_size, test) -> Result:
    """Evaluates a network that has been trained, and writes what a run leaves behind.

    Args:
        recipe: of the run.
        run: the folder.
        network: after the last epoch.
        gates: of the network.
        images: that the gates are looked at with.
        data: of the recipe.
        progress: the record.
        batch_size: of the evaluation.
        test: whether the test set is evaluated.

    Returns:
        The content of result.json.
    """
    run.write_model("final.keras", network, data.class_names)
    if rows := gates.rows(images):
        write_table(run.file("gates.csv"), rows)
    result = _result(recipe, run, network, data, progress)
    if test:
        _add_test(result, run, network, data, batch_size)
    result["peak_memory_bytes"] = peak_memory()
    run.write_json("result.json", result)
    return result


def write_last_good(run, model, class_names) -> int:
    """Writes last_good.keras, the model of the last state; returns its epoch."""
    values, last = state.load(run)
    state.restore(model, values)
    run.write_model("last_good.keras", model, class_names)
    return last.epoch


def _result(recipe, run, model, data, progress) -> Result:
    """What came out of the training, its test apart."""
    return {
        "protocol": recipe.data.protocol,
        "dataset": located(recipe).data.dataset,
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


def _add_test(result, run, model, data, batch_size):
    """Evaluates the last and the best weights on the test set, once."""
    classes = len(data.class_names)
    best = final = evaluate(model, data.test, classes, batch_size)
    if result["best"]["epoch"] != result["epochs"]:
        best_model.load(run, model)
        best = evaluate(model, data.test, classes, batch_size)
    result["test_images"] = len(data.test)
    result["final"] |= final.summary()
    result["best"] |= best.summary()
