"""What is kept of the training of a detector: the little that says what came out, and of what."""

import shutil
from pathlib import Path

from ras_keras.detection.recipes.check import read_detection_recipe
from ras_keras.detection.training.result import FILE, read_result
from ras_keras.runs.run_folder import RunFolder
from ras_keras.values.json_files import read_json


def is_detector(run: RunFolder) -> bool:
    """Whether a run folder is that of a detector.

    Raises:
        UserError: if its recipe is damaged.
    """
    return "detector" in read_json(run.file("recipe.json"), dict[str, object], "restore it")


def keep_record(run: RunFolder, folder: Path) -> None:
    """Copies a finished run's recipe, without the place of the data, its metrics and its result.

    Raises:
        UserError: if the run has not finished, or one of them is damaged.
    """
    recipe = read_detection_recipe(run.file("recipe.json"), "restore it")
    result = read_result(run)
    folder.mkdir(parents=True, exist_ok=True)
    record = RunFolder(folder)
    record.write_json("recipe.json", recipe.replace(dataset=recipe.boxes.name).to_dict())
    shutil.copyfile(run.file("metrics.csv"), record.file("metrics.csv"))
    record.write_json(FILE, result | {"dataset": recipe.boxes.name})
