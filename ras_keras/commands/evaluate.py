"""Measure a saved model on a test set."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from ras_keras.commands.flags import parse
from ras_keras.data import check_dataset, load_dataset
from ras_keras.errors import UserError
from ras_keras.report.confusion import class_table, plot_confusion
from ras_keras.report.picture import check_picture
from ras_keras.training import Recipe, evaluate
from ras_keras.training.trained_model import TrainedModel


@dataclass(frozen=True)
class Evaluate:
    """Measure a saved model on the test images of a data set."""

    model: Annotated[str, tyro.conf.Positional]
    """A .keras file, or a run folder, whose best.keras is taken."""
    dataset: str | None = None
    """As for train.py; None is the one of the run folder that the model lies in."""
    data_dir: str | None = None
    """Folder of prepared data sets; None is the run's, else tensorflow-datasets' own."""
    download: bool = False
    """Create and fill a --data-dir that does not hold the data set."""
    image_size: int | None = None
    """Resize images to this height and width in pixels; None is the run's, if the data set is."""
    imports: tuple[str, ...] = ()
    """Python modules to import before the model is loaded, beside the run's."""
    batch_size: int = 128
    """Images a step."""
    output: str | None = None
    """File of the confusion matrix's picture; None lays it beside the model."""


def main(arguments: Sequence[str], program: str) -> None:
    options = parse(Evaluate, arguments, program)
    if options.batch_size < 1:
        raise UserError(f"--batch-size must be >= 1. Received: {options.batch_size}")
    trained = TrainedModel.find(options.model)
    path, recipe = trained.path, trained.recipe
    picture = Path(options.output or path.with_name(f"{path.stem}_confusion_matrix.png"))
    check_picture(picture)
    model = trained.load(options.imports)
    data = _data_arguments(options, recipe)
    check_dataset(**data)

    dataset = load_dataset(**data)
    names = dataset.class_names
    evaluation = evaluate(
        model, dataset.test, len(names), options.batch_size, verbose=int(sys.stdout.isatty())
    )
    print(f"model    {path}")
    print(f"data     {dataset.name}, {len(dataset.test):,} test images")
    print(f"loss     {evaluation.loss:.4f}")
    print(f"top-1    {100 * evaluation.accuracy:.2f} %")
    if evaluation.top5 is not None:
        print(f"top-5    {100 * evaluation.top5:.2f} %")
    print()
    print(class_table(evaluation, names))
    plot_confusion(evaluation, names, picture)
    print(f"picture  {picture}")


def _data_arguments(options: Evaluate, recipe: Recipe | None) -> dict:
    """What to load: the flags, and for what they leave open the recipe of the model's run."""
    if options.dataset is None and recipe is None:
        raise UserError(f"{options.model} lies in no run folder; name its data set by --dataset.")
    given = {
        "name": options.dataset,
        "data_dir": options.data_dir,
        "download": options.download,
        "image_size": options.image_size,
    }
    if recipe is None or options.dataset not in (None, recipe.dataset):
        return given
    return given | {
        "name": recipe.dataset,
        "data_dir": options.data_dir or recipe.data_dir,
        "image_size": options.image_size or recipe.image_size,
    }
