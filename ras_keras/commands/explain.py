"""Show what a saved model looks at."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from tqdm import tqdm

from ras_keras.commands.line.data_flags import DataFlags, print_notices
from ras_keras.commands.line.error_text import in_flags
from ras_keras.commands.line.fields import Folder, Images, Model
from ras_keras.commands.line.flags import parse
from ras_keras.data import check_dataset, load_dataset, match_classes
from ras_keras.errors import UserError
from ras_keras.explain.explanation import (
    Example,
    Explainer,
    example_of_file,
    examples_of_classes,
    write_page,
    write_study,
)
from ras_keras.files import beside
from ras_keras.gates.study import GateStudy, study_gates
from ras_keras.gates.table import gate_table
from ras_keras.inference.images import UnreadableImage, find_images
from ras_keras.inference.predictor import open_predictor
from ras_keras.pretrained import written_as
from ras_keras.runs.trained_model import TrainedModel
from ras_keras.text.shown import shown
from ras_keras.training.evaluation import check_images
from ras_keras.values.typed import Count

UNREADABLE = 1
# Of images of one's own, in the folder of the model's pictures.
OF_IMAGES = "images"


@dataclass(frozen=True)
class Explain:
    """Show which channels a saved model opens by its gates, and where in an image it looks.

    Without images: what its gates do over a whole test set, in numbers and pictures, and a picture
    of the first test image of each class. With images: the same for these.
    """

    model: Model
    """A .keras file, a run folder, whose best.keras is taken, or a model of the package by its
    name."""
    images: Annotated[Images, tyro.conf.Positional] = ()
    """Image files, folders, searched at any depth, and patterns such as 'photos/**/*.jpg'; none
    for the test images of a data set."""
    data: DataFlags = field(default_factory=DataFlags)
    target_class: str | None = None
    """Class that Grad-CAM looks for; None is each image's most probable one."""
    output: Folder | None = None
    """Folder of the pictures, created if need be; None is one beside the model, and in it images/
    for images that are named."""
    batch_size: Count = 128
    """Images per step."""
    imports: tuple[str, ...] = ()
    """Python modules to import before the model is loaded, beside the run's."""


def main(arguments: Sequence[str], program: str) -> int:
    options = parse(Explain, arguments, program)
    if options.images and options.data != DataFlags():
        raise UserError(
            f"{options.images[0]} and the flags of a data set contradict each other; give images "
            "or a data set."
        )
    if options.output and Path(options.output).exists() and not Path(options.output).is_dir():
        raise UserError(f"--output {options.output} is no folder; name another one.")
    files = find_images(options.images)
    predictor = open_predictor(options.model, options.imports)
    explainer = Explainer(predictor, options.target_class)
    path = predictor.path
    folder = Path(options.output or beside(written_as(path), "_explanation"))
    if files and not options.output:
        folder /= OF_IMAGES
    if not files:
        _explain_test_set(explainer, options, folder)
        return 0
    return _explain_files(explainer, files, folder)


def _explain_test_set(explainer: Explainer, options: Explain, folder: Path) -> None:
    of_run = TrainedModel.find(options.model).data
    data = options.data.arguments(options.model, of_run)
    check_dataset(**data)
    dataset = match_classes(load_dataset(**data), explainer.predictor.path)
    test, names = dataset.test, dataset.class_names
    check_images(explainer.predictor.image_shape, test)
    folder.mkdir(parents=True, exist_ok=True)
    _print_model(explainer)
    print(f"data     {dataset.name}, {len(test):,} test images")
    print_notices(dataset)
    starts = range(0, len(test), options.batch_size)
    parts = (slice(start, start + options.batch_size) for start in starts)
    batches = ((test.images[part], test.labels[part]) for part in parts)
    study = _study(explainer, batches, len(starts), len(test), names)
    _write_study(study, explainer, folder, f"{len(test):,} test images of {dataset.name}")
    _write_pages(explainer, examples_of_classes(test, names), study, folder)


def _explain_files(explainer: Explainer, files: list[Path], folder: Path) -> int:
    read = explainer.predictor.read
    readable = []
    for file in tqdm(files, desc="reading", unit="image"):
        try:
            read(file)
            readable.append(file)
        except UnreadableImage as error:
            tqdm.write(f"left out: {shown(in_flags(error))}", file=sys.stderr)
    if readable:
        folder.mkdir(parents=True, exist_ok=True)
        _print_model(explainer)
        # Of one image there is nothing to compare.
        study = None
        if len(readable) > 1:
            batches = ((read(file)[None], None) for file in readable)
            study = _study(explainer, batches, len(readable), len(readable))
            _write_study(study, explainer, folder, f"{len(readable):,} images")
        examples = (
            example_of_file(number, file, read(file)) for number, file in enumerate(readable, 1)
        )
        _write_pages(explainer, examples, study, folder)
    if len(readable) < len(files):
        left_out = len(files) - len(readable)
        print(f"{left_out:,} of {len(files):,} images could not be read", file=sys.stderr)
        return UNREADABLE
    return 0


def _print_model(explainer: Explainer) -> None:
    print(f"model    {explainer.predictor.path}")
    for notice in explainer.predictor.notices:
        print(f"notice   {notice}")


def _study(explainer, batches, steps, images, class_names=()) -> GateStudy:
    if not explainer.gates.places:
        batches = ()
    batches = tqdm(batches, total=steps, desc="gates", unit="batch")
    return study_gates(explainer.gates, batches, images, class_names)


def _write_study(study: GateStudy, explainer: Explainer, folder: Path, images: str) -> None:
    if study.gates.places:
        print(f"\n{gate_table(study.rows())}\n")
        for file in write_study(study, folder, f"{explainer.predictor.model.name} over {images}"):
            print(f"{'table' if file.suffix == '.csv' else 'picture':8} {file}")
    print(f"gates    {study.verdict()}")


def _write_pages(
    explainer: Explainer, examples: Iterable[Example], study: GateStudy | None, folder: Path
) -> None:
    for example in examples:
        page = explainer.page(example, study)
        print(f"picture  {write_page(page, folder, example)}", flush=True)
