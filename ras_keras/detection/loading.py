"""Detectors from files: networks to go on with, and what finds boxes in images."""

from dataclasses import dataclass
from pathlib import Path

from ras_keras.backend.imports import import_modules
from ras_keras.detection.exported import ExportedDetector, exported_form
from ras_keras.detection.finding import Finder
from ras_keras.detection.network.non_maximum_suppression import detector
from ras_keras.detection.network.retina_net import RetinaNet
from ras_keras.detection.recipes.check import read_detection_recipe
from ras_keras.detection.recipes.recipe import DetectionRecipe
from ras_keras.errors import Argument, UserError
from ras_keras.outputs.class_names import names_file, read_class_names
from ras_keras.runs.run_folder import RunFolder
from ras_keras.saving.loading import load_model


@dataclass(frozen=True)
class SavedDetector:
    """A detector that was saved, and what is known of it.

    Attributes:
        path: of its `.keras` file.
        model: the network.
        class_names: one for each class; "class 0" and so on where the file has none.
        recipe: of the run that it lies in, None if it lies in none.
    """

    path: Path
    model: RetinaNet
    class_names: tuple[str, ...]
    recipe: DetectionRecipe | None


def load_detector(path: str | Path, imports: tuple[str, ...] = ()) -> SavedDetector:
    """Loads a detector.

    Args:
        path: a `.keras` file, or a run folder, whose best.keras is taken.
        imports: modules to import first, beside those of the run.

    Raises:
        UserError: if there is none, or it is another model than a `RetinaNet`.
    """
    path = Path(path)
    if path.is_dir():
        path = RunFolder.open(str(path)).file("best.keras")
        if not path.exists():
            raise UserError(f"{path.parent} has no best.keras yet; let it finish an epoch.")
    elif not path.is_file():
        raise UserError(f"{path}: no such file; name a .keras file or a run folder.")
    recipe = _recipe_beside(path)
    import_modules((*(recipe.detector.imports if recipe else ()), *imports))
    model = load_model(path)
    if not isinstance(model, RetinaNet):
        raise UserError(f"{path} is no detector; name a model that detect.py train has saved.")
    names = read_class_names(path) or tuple(f"class {each}" for each in range(model.classes))
    return SavedDetector(path, model, names, recipe)


@dataclass(frozen=True)
class OpenedDetector:
    """A detector that is ready to find boxes.

    Attributes:
        path: of its file.
        network: that finds them.
        class_names: one for each class.
        recipe: of the run that it lies in, None if it lies in none.
    """

    path: Path
    network: Finder
    class_names: tuple[str, ...]
    recipe: DetectionRecipe | None


def open_detector(
    path: str | Path, imports: tuple[str, ...] = (), score_threshold: float | None = None
) -> OpenedDetector:
    """Opens a detector, which may be an exported one.

    Args:
        path: as `load_detector` takes it, or an ONNX or OpenVINO file of `export_detector`.
        imports: likewise.
        score_threshold: of the suppression of boxes, None for the usual one; an exported detector
            has its own in its graph.

    Raises:
        UserError: if it cannot be opened or finds no boxes.
    """
    form = exported_form(Path(path))
    if form is None:
        saved = load_detector(path, imports)
        options = {} if score_threshold is None else {"score_threshold": score_threshold}
        network = detector(saved.model, **options)
        return OpenedDetector(saved.path, network, saved.class_names, saved.recipe)
    path = Path(path)
    names = read_class_names(path)
    exported = ExportedDetector(path, form, names)
    if exported.output_names == {"boxes", "classes"}:
        raise UserError(
            f"{path} has no suppression in its graph, which makes boxes of what it returns; export "
            "it without ",
            Argument("raw"),
            ".",
        )
    if exported.output_names != {"boxes", "scores", "classes"}:
        raise UserError(f"{path} is no detector; name a model that detect.py export has written.")
    if names is None:
        raise UserError(f"{names_file(path)} is missing; copy it with {path.name}.")
    return OpenedDetector(path, exported, names, _recipe_beside(path))


def _recipe_beside(path: Path) -> DetectionRecipe | None:
    beside = path.parent / "recipe.json"
    if not beside.is_file():
        return None
    return read_detection_recipe(beside, "move the model out of the folder, or restore it")
