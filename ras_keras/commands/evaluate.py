"""Measure a saved model on a test set."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from ras_keras.benchmark.file import check_output
from ras_keras.benchmark.robustness import plot_robustness, robustness_rows
from ras_keras.commands.line.data_flags import DataFlags, print_notices
from ras_keras.commands.line.execution_flags import ExecutionFlags
from ras_keras.commands.line.fields import File, Model, Shown
from ras_keras.commands.line.flags import parse
from ras_keras.data import check_dataset, load_dataset, match_classes
from ras_keras.data.image_dataset import Images
from ras_keras.errors import UserError
from ras_keras.files import beside
from ras_keras.inference.evaluation import evaluate_predictor
from ras_keras.inference.predictor import Predictor, open_predictor
from ras_keras.outputs.class_names import read_class_names
from ras_keras.outputs.class_order import class_order, differing_classes
from ras_keras.plots.confusion import class_table, plot_confusion
from ras_keras.plots.mistakes import write_mistakes
from ras_keras.plots.picture import check_picture
from ras_keras.pretrained import written_as
from ras_keras.runs.trained_model import data_of
from ras_keras.training import Evaluation
from ras_keras.values.csv_files import write_table
from ras_keras.values.typed import Count


@dataclass(frozen=True)
class Evaluate:
    """Measure a saved model on the test images of a data set."""

    model: Model
    """A .keras file, a run folder, whose best.keras is taken, an exported model, or a model of the
    package by its name."""
    data: DataFlags = field(default_factory=DataFlags)
    imports: tuple[str, ...] = ()
    """Python modules to import before the model is loaded, beside the run's."""
    batch_size: Count = 128
    """Images per step."""
    execution: ExecutionFlags = field(default_factory=ExecutionFlags)
    beside: Annotated[str, Shown("MODEL")] | None = None
    """The same network in another form, run by Keras if it is a .keras file or a run folder: by how
    much its accuracy differs, and how many labels."""
    output: File | None = None
    """File of the confusion matrix's picture; None lays it beside the model, of a model of the
    package in the working folder."""
    mistakes: File | None = None
    """File for an HTML page of the images that are named wrongly, with the names of their files,
    the surest mistakes first."""
    corruptions: File | None = None
    """CSV file for the accuracy with each of 15 corruptions of the images, such as noise, blur and
    fog; a picture is laid beside it."""


def main(arguments: Sequence[str], program: str) -> None:
    options = parse(Evaluate, arguments, program)
    predictor = options.execution.open(options.model, options.imports)
    other = open_predictor(options.beside, options.imports) if options.beside else None
    path = predictor.path
    picture = Path(options.output or beside(written_as(path), "_confusion_matrix.png"))
    check_picture(picture)
    if options.mistakes:
        check_output(Path(options.mistakes), "mistakes", ".html")
    if options.corruptions:
        check_output(Path(options.corruptions), "corruptions")
    data = options.data.arguments(options.model, data_of(path))
    check_dataset(**data)

    dataset = match_classes(load_dataset(**data), path)
    names = dataset.class_names
    predictor = options.execution.with_runtime(predictor, len(dataset.test))
    measured = (dataset.test, len(names), options.batch_size)
    evaluation = evaluate_predictor(predictor, *measured)
    expected = None
    if other is not None:
        expected = _in_order(other, names, evaluate_predictor(other, *measured, "beside"))
    print(f"model    {path}")
    print(f"data     {dataset.name}, {len(dataset.test):,} test images")
    print_notices(dataset)
    for notice in predictor.notices:
        print(f"notice   {notice}")
    if evaluation.loss is not None:
        print(f"loss     {evaluation.loss:.4f}")
    print(f"top-1    {100 * evaluation.accuracy:.2f} %")
    if evaluation.top5 is not None:
        print(f"top-5    {100 * evaluation.top5:.2f} %")
    if evaluation.calibration_error is not None:
        print(f"ECE      {100 * evaluation.calibration_error:.2f} %, expected calibration error")
    if expected is not None:
        points = 100 * (evaluation.accuracy - expected.accuracy)
        share = evaluation.differing(expected)
        print(f"beside   {other.path}, top-1 {100 * expected.accuracy:.2f} %")
        print(f"change   {points:+.2f} points of top-1, {100 * share:.2f} % of the labels")
    print()
    print(class_table(evaluation, names))
    plot_confusion(evaluation, names, picture)
    print(f"picture  {picture}")
    if options.mistakes:
        title = f"Mistakes of {path.name} on {dataset.name}"
        write_mistakes(evaluation, dataset.test, names, Path(options.mistakes), title)
        print(f"mistakes {options.mistakes}")
    if options.corruptions:
        _measure_corruptions(predictor, dataset.test, options)


def _in_order(other: Predictor, names: Sequence[str], evaluation: Evaluation) -> Evaluation:
    """The evaluation of another model with its classes in the order of these names."""
    given = read_class_names(other.path)
    order = class_order(names, given) if given else [*range(len(names))]
    if order is None:
        differing = differing_classes(names, given, "the model", "it")
        raise UserError(
            f"{other.path} has other classes, {differing}; name a form of the same network by "
            "--beside."
        )
    return replace(evaluation, probabilities=evaluation.probabilities[:, order])


def _measure_corruptions(predictor: Predictor, images: Images, options: Evaluate) -> None:
    """Prints the accuracy with each corruption, and writes the table and its picture."""
    rows = []
    for row in robustness_rows(predictor, images, options.batch_size):
        print(f"{row['corruption']:24} {100 * row['accuracy']:6.2f} %")
        rows.append(row)
    file = Path(options.corruptions or "")
    picture = beside(file, "_accuracy.png")
    write_table(file, rows)
    plot_robustness(rows, picture)
    print(f"figures  {file}, {picture}")
