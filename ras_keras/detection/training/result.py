"""What comes out of the training of a detector: its models and result.json."""

from pathlib import Path
from typing import NotRequired, TypedDict

from ras_keras.backend import devices
from ras_keras.detection.data.annotations import AnnotatedImages
from ras_keras.detection.finding import find
from ras_keras.detection.non_maximum_suppression import detector
from ras_keras.detection.recipes.recipe import DetectionRecipe
from ras_keras.detection.retina_net import RetinaNet
from ras_keras.detection.scores import Scores, score
from ras_keras.detection.training.prepared_boxes import PreparedBoxes
from ras_keras.recipes.resolving import given
from ras_keras.runs import best_model
from ras_keras.runs.run_folder import RunFolder
from ras_keras.runs.state import Progress
from ras_keras.training.memory import peak_memory
from ras_keras.training.plan import trainable_parameters
from ras_keras.values.json_files import read_json
from ras_keras.values.typed import Amount, Count, Natural, Share

FILE = "result.json"


class Outcome(TypedDict):
    """How good the weights of an epoch are: average precisions, of classes (AP, AP50)."""

    epoch: Natural
    selected_on: NotRequired[str]
    val_ap50: NotRequired[Share]
    test_ap: Share | None
    test_ap50: Share | None
    test_ap75: Share | None
    test_small: Share | None
    test_medium: Share | None
    test_large: Share | None
    test_classes: dict[str, list[float | None]]


class DetectionResult(TypedDict):
    """What came out of a run: result.json."""

    dataset: str
    training_images: Count
    test_images: Count
    trainable_parameters: Count
    epochs: Natural
    device: str
    seconds: Amount
    peak_memory_bytes: Natural | None
    final: Outcome
    best: Outcome


def write_outcome(
    recipe: DetectionRecipe,
    run: RunFolder,
    model: RetinaNet,
    data: PreparedBoxes,
    progress: Progress,
) -> DetectionResult:
    """Evaluates a detector that has been trained, and writes what a run leaves behind."""
    run.write_model("final.keras", model, data.class_names)
    batch_size = given(recipe.descent.batch_size)
    best = _best(run, model, data, progress)
    # The last epoch's first, for the best one's weights take the place of its own.
    final = {"epoch": progress.epoch} | _tested(model, data.test, batch_size)
    if best["epoch"] != progress.epoch:
        best_model.load(run, model)
        best |= _tested(model, data.test, batch_size)
    else:
        best |= {name: value for name, value in final.items() if name != "epoch"}
    result: DetectionResult = {
        "dataset": recipe.boxes.located().dataset,
        "training_images": len(data.train),
        "test_images": len(data.test),
        "trainable_parameters": trainable_parameters(model),
        "epochs": progress.epoch,
        "device": devices.description(),
        "seconds": sum(row["seconds"] or 0.0 for row in progress.history),
        "peak_memory_bytes": peak_memory(),
        "final": final,
        "best": best,
    }
    run.write_json(FILE, result)
    return result


def read_result(run: RunFolder) -> DetectionResult:
    """The content of result.json.

    Raises:
        UserError: if it is damaged.
    """
    return read_json(run.file(FILE), DetectionResult, "remove it and resume the run")


def has_result(run: RunFolder, epochs: int) -> bool:
    """Whether the run has come to the end of so many epochs."""
    file: Path = run.file(FILE)
    return file.exists() and read_result(run)["epochs"] == epochs


def _best(run, model, data, progress) -> dict:
    """What came out as the best epoch; best.keras is its model."""
    if data.watched is None:
        run.write_model(best_model.FILE, model, data.class_names)
        return {"epoch": progress.epoch, "selected_on": "nothing: best is final"}
    if not best_model.secure(run, model, data.class_names, progress):
        lost = f"nothing: the model of epoch {progress.best_epoch} is lost, best is final"
        return {"epoch": progress.epoch, "selected_on": lost}
    return {
        "epoch": progress.best_epoch,
        "selected_on": f"AP50 of {len(data.watched)} held-out images",
        "val_ap50": progress.best_accuracy,
    }


def _tested(model: RetinaNet, images: AnnotatedImages, batch_size: int) -> dict:
    return as_fields(score(find(detector(model), images, batch_size), images))


def as_fields(scores: Scores) -> dict:
    """Scores as an outcome holds them."""
    names = ("ap", "ap50", "ap75", "small", "medium", "large")
    figures = {f"test_{name}": getattr(scores, name) for name in names}
    return figures | {"test_classes": {name: [*both] for name, both in scores.classes.items()}}
