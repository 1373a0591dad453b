"""Detectors from files."""

from dataclasses import dataclass
from pathlib import Path

from ras_keras.backend.imports import import_modules
from ras_keras.detection.network.retina_net import RetinaNet
from ras_keras.detection.recipes.check import read_detection_recipe
from ras_keras.detection.recipes.recipe import DetectionRecipe
from ras_keras.errors import UserError
from ras_keras.outputs.class_names import read_class_names
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
    beside = path.parent / "recipe.json"
    recipe = None
    if beside.is_file():
        recipe = read_detection_recipe(beside, "move the model out of the folder, or restore it")
    import_modules((*(recipe.detector.imports if recipe else ()), *imports))
    model = load_model(path)
    if not isinstance(model, RetinaNet):
        raise UserError(f"{path} is no detector; name a model that detect.py train has saved.")
    names = read_class_names(path) or tuple(f"class {each}" for each in range(model.classes))
    return SavedDetector(path, model, names, recipe)
