"""Measure a saved model on a test set."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from ras_keras.commands.flags import parse
from ras_keras.data import check_dataset, load_dataset
from ras_keras.errors import UserError
from ras_keras.loading import check_model_file, load_model
from ras_keras.report.confusion import class_table, plot_confusion
from ras_keras.training import RunFolder, evaluate


@dataclass(frozen=True)
class Evaluate:
    """Measure a saved model on the test images of a data set."""

    model: Annotated[str, tyro.conf.Positional]
    """A .keras file, or a run folder, whose best.keras is taken."""
    dataset: str | None = None
    """As for train.py; None is the one of the run folder that the model lies in."""
    data_dir: str | None = None
    """Folder of prepared data sets; None is the run's, or tensorflow-datasets' own."""
    download: bool = False
    """Create and fill a --data-dir that does not hold the data set."""
    image_size: int | None = None
    """Resize images to this height and width in pixels; None is the run's."""
    batch_size: int = 128
    """Images a step."""
    output: str | None = None
    """File of the confusion matrix's picture; None lays it beside the model."""


def main(arguments: Sequence[str]) -> None:
    options = parse(Evaluate, arguments, "evaluate")
    if options.batch_size < 1:
        raise UserError(f"--batch-size must be >= 1. Received: {options.batch_size}")
    path = Path(options.model)
    if path.is_dir():
        path = RunFolder.open(options.model).file("best.keras")
    check_model_file(path)
    data = _data_arguments(options, path.parent)
    check_dataset(data["name"], data["data_dir"], data["download"])

    model = load_model(path)
    dataset = load_dataset(**data)
    evaluation = evaluate(model, dataset.test, options.batch_size, verbose=1)
    names = dataset.class_names
    print(f"model    {path}")
    print(f"data     {dataset.name}, {len(dataset.test):,} test images")
    print(f"loss     {evaluation.loss:.4f}")
    print(f"top-1    {100 * evaluation.accuracy:.2f} %")
    if len(names) > 10:
        print(f"top-5    {100 * evaluation.top(5):.2f} %")
    print()
    print(class_table(evaluation, names))
    picture = Path(options.output or path.with_name(f"{path.stem}_confusion_matrix.png"))
    plot_confusion(evaluation, names, picture)
    print(f"picture  {picture}")


def _data_arguments(options: Evaluate, folder: Path) -> dict:
    """What to load: the flags, and for what they leave open the run that the model lies in."""
    given = {
        "name": options.dataset,
        "data_dir": options.data_dir,
        "download": options.download,
        "image_size": options.image_size,
    }
    if options.dataset is not None:
        return given
    if not (folder / "recipe.json").is_file():
        raise UserError(f"{options.model} lies in no run folder; name its data set by --dataset.")
    recipe = RunFolder(folder).read_recipe()
    return given | {
        "name": recipe.dataset,
        "data_dir": options.data_dir or recipe.data_dir,
        "image_size": options.image_size or recipe.image_size,
    }
