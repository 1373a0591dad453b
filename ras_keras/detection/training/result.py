"""What comes out of the training of a detector: its models and result.json."""

from dataclasses import dataclass
from typing import NotRequired, TypedDict

from ras_keras.backend import devices
from ras_keras.detection.data.annotations import AnnotatedImages
from ras_keras.detection.finding import find
from ras_keras.detection.network.non_maximum_suppression import detector
from ras_keras.detection.network.retina_net import RetinaNet
from ras_keras.detection.recipes.recipe import DetectionRecipe
from ras_keras.detection.scores import score
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


class OfClass(TypedDict):
    """Average precisions of a class on the test images, None where they have none of it."""

    ap: Share | None
    ap50: Share | None


class Tested(TypedDict):
    """Average precisions on the test images, of all classes together and of each by its name."""

    test_ap: Share | None
    test_ap50: Share | None
    test_ap75: Share | None
    test_small: Share | None
    test_medium: Share | None
    test_large: Share | None
    test_classes: dict[str, OfClass]


class Outcome(Tested):
    """How good the weights of an epoch are."""

    epoch: Natural
    selected_on: NotRequired[str]
    val_ap50: NotRequired[Share]


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
    chosen = _chosen(run, model, data, progress)
    # The last epoch's first, for the best one's weights take the place of its own.
    of_best = of_final = _tested(model, data.test, batch_size)
    if chosen.epoch != progress.epoch:
        best_model.load(run, model)
        of_best = _tested(model, data.test, batch_size)
    final: Outcome = {"epoch": progress.epoch, **of_final}
    best: Outcome = {"epoch": chosen.epoch, "selected_on": chosen.by, **of_best}
    if chosen.ap50 is not None:
        best["val_ap50"] = chosen.ap50
    result: DetectionResult = {
        "dataset": recipe.boxes.name,
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
    return run.file(FILE).exists() and read_result(run)["epochs"] == epochs


@dataclass(frozen=True)
class _Chosen:
    """The best epoch, by what it was chosen, and its AP50 on held-out images."""

    epoch: int
    by: str
    ap50: float | None = None


def _chosen(run: RunFolder, model: RetinaNet, data: PreparedBoxes, progress: Progress) -> _Chosen:
    """The best epoch; best.keras is its model."""
    if data.watched is None:
        run.write_model(best_model.FILE, model, data.class_names)
        return _Chosen(progress.epoch, "nothing: best is final")
    if not best_model.secure(run, model, data.class_names, progress):
        lost = f"nothing: the model of epoch {progress.best_epoch} is lost, best is final"
        return _Chosen(progress.epoch, lost)
    by = f"AP50 of {len(data.watched)} held-out images"
    return _Chosen(progress.best_epoch, by, progress.best_accuracy)


def _tested(model: RetinaNet, images: AnnotatedImages, batch_size: int) -> Tested:
    scores = score(find(detector(model), images, batch_size), images)
    return {
        "test_ap": scores.ap,
        "test_ap50": scores.ap50,
        "test_ap75": scores.ap75,
        "test_small": scores.small,
        "test_medium": scores.medium,
        "test_large": scores.large,
        "test_classes": {
            name: {"ap": ap, "ap50": ap50} for name, (ap, ap50) in scores.classes.items()
        },
    }
