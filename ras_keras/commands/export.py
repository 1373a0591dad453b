"""Export a saved model to other runtimes."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import keras
import numpy as np

from ras_keras.commands.line.data_flags import DataFlags, print_notices
from ras_keras.commands.line.error_text import in_flags
from ras_keras.commands.line.fields import Images, Model, Shown, among
from ras_keras.commands.line.flags import parse
from ras_keras.commands.line.left_out import LeftOut
from ras_keras.data import ImageDataset, check_dataset, load_dataset, match_classes
from ras_keras.errors import UserError, first_line
from ras_keras.export.agreement import Reference, images_of_dataset, images_of_files
from ras_keras.export.export import ExportDiffers, export, files_of, size
from ras_keras.export.precision import half_precision, in_float32
from ras_keras.export.quantization import calibration_images
from ras_keras.folding import fold
from ras_keras.inference.evaluation import accuracy
from ras_keras.inference.formats import FORMATS, check_installed, format_of
from ras_keras.inference.images import find_images
from ras_keras.inference.predictor import Predictor, open_predictor
from ras_keras.outputs.class_names import names_file, read_class_names
from ras_keras.pretrained import written_as
from ras_keras.runs.trained_model import TrainedModel
from ras_keras.text.shown import shown
from ras_keras.training.evaluation import check_images
from ras_keras.values.choices import one_of
from ras_keras.values.typed import Count

QUANTIZED = "litert"
INT8 = "int8"
CALIBRATION_IMAGES = 200
DIFFERS = 1


@dataclass(frozen=True)
class Export:
    """Write a model in the formats of other runtimes: raw images in, probabilities out.

    Each is compared with the Keras model on 200 images of the run's data set, or of the one that
    is named, or on --images. One that differs is not written; the exit code is then 1.
    """

    model: Model
    """A .keras file, a run folder, whose best.keras is taken, or a model of the package by its
    name."""
    format: tuple[Annotated[str, among(FORMATS)], ...] = ("saved_model",)
    """One format or several."""
    fold: bool = False
    """Fold batch normalizations and gates first, which makes it faster."""
    quantize: Literal["int8"] | None = None
    """Of litert: weights and activations of 8 bits, calibrated by training images. The
    accuracy lost is measured on the test images."""
    calibration_images: Count = CALIBRATION_IMAGES
    """Training images that int8 is calibrated by."""
    images: Images | None = None
    """Image files, folders, searched at any depth, and patterns such as 'photos/**/*.jpg', to
    compare on; None is the data set's."""
    data: DataFlags = field(default_factory=DataFlags)
    imports: tuple[str, ...] = ()
    """Python modules to import before the model is loaded, beside the run's."""
    output: Annotated[str, Shown("PATH")] | None = None
    """Path without its ending; None lays the files beside the model, by its name, which has
    _folded behind it with --fold."""


def main(arguments: Sequence[str], program: str) -> int:
    options = parse(Export, arguments, program)
    _check(options)
    trained = TrainedModel.find(options.model)
    paths = _paths(options, written_as(trained.path))
    files = find_images(options.images or ())
    data = None
    if _needs_data(options):
        data = options.data.arguments(options.model, trained.data)
        check_dataset(**data)
    elif trained.data and not files:
        data = options.data.arguments(options.model, trained.data)

    predictor = open_predictor(options.model, options.imports)
    print(f"{'model':11} {predictor.path}")
    for notice in predictor.notices:
        print(f"{'notice':11} {notice}")
    model = predictor.model
    if half_precision(model):
        print(f"{'notice':11} trained in {half_precision(model)}, exported in float32")
    model = in_float32(model)
    dataset, unchecked = _dataset(options, data, predictor)
    calibration = None
    if options.quantize:
        calibration = calibration_images(dataset.train, options.calibration_images)
    images = _images(files, predictor) if files else ()
    if dataset and not files:
        images = images_of_dataset(dataset)
    reference = Reference.of(model, images, predictor.least) if len(images) else None
    if options.fold:
        model = fold(model)
    code = 0
    for name, path in paths.items():
        quantized = calibration if name == QUANTIZED else None
        names = read_class_names(predictor.path)
        try:
            agreement = export(model, path, name, names, quantized, reference)
        except ExportDiffers as error:
            print(f"error: {shown(in_flags(error))}", file=sys.stderr)
            code = DIFFERS
            continue
        found = agreement or f"not checked on images{unchecked}"
        print(f"{name:11} {path}, {size(path, name) / 2**20:.2f} MiB, {found}")
    if options.quantize:
        _print_loss(predictor, open_predictor(paths[QUANTIZED]), dataset)
    return code


def _needs_data(options: Export) -> bool:
    """Whether the data set was asked for, rather than taken because the run has one."""
    return options.quantize is not None or options.data != DataFlags()


def _dataset(
    options: Export, data: dict | None, predictor: Predictor
) -> tuple[ImageDataset | None, str]:
    """The data set of these arguments if there are any, and behind a colon why there is none.

    Raises:
        UserError: if it was asked for and cannot be had, or does not fit the model.
    """
    if data is None:
        return None, ""
    try:
        check_dataset(**data)
        dataset = load_dataset(**data)
        check_images(predictor.image_shape, dataset.test)
    except (UserError, OSError) as error:
        if _needs_data(options):
            raise
        return None, f": {first_line(error)}"
    if options.quantize:
        dataset = match_classes(dataset, predictor.path)
        _check_fits(predictor, dataset)
    print_notices(dataset, width=11)
    return dataset, ""


def _images(files: Sequence[Path], predictor: Predictor) -> list[np.ndarray]:
    images = images_of_files(files, predictor.read, LeftOut())
    if not images:
        raise UserError(f"--images: none of {len(files):,} could be read; name others.")
    return images


def _check(options: Export) -> None:
    if keras.backend.backend() != "tensorflow":
        raise UserError(
            f"KERAS_BACKEND {keras.backend.backend()} exports nothing; a .keras file is the same "
            "on each backend, so export it with KERAS_BACKEND=tensorflow."
        )
    if not options.format:
        raise UserError(f"--format names nothing; give one or several of {', '.join(FORMATS)}.")
    for name in options.format:
        one_of("--format", name, FORMATS)
        check_installed(name)
    if format_of(Path(options.model)):
        raise UserError(
            f"{options.model} is exported already; name the .keras file or the run folder that it "
            "came from."
        )
    if options.images == ():
        raise UserError("--images names nothing; give images, folders or patterns.")
    if options.images and options.data != DataFlags() and not options.quantize:
        raise UserError(
            f"--images {options.images[0]} and the flags of a data set contradict each other; "
            "give images or a data set."
        )
    if options.quantize is None:
        if options.calibration_images != CALIBRATION_IMAGES:
            raise UserError(
                f"--calibration-images {options.calibration_images}: they say nothing without "
                f"--quantize {INT8}; leave them out."
            )
        return
    if QUANTIZED not in options.format:
        raise UserError(
            f"--quantize {INT8} is for {QUANTIZED} and --format names "
            f"{', '.join(options.format)}; give --format {QUANTIZED}."
        )


def _paths(options: Export, model: Path) -> dict[str, Path]:
    """Where each format goes.

    Raises:
        UserError: if something lies there or nothing can be written there.
    """
    beside = model.with_name(model.stem + ("_folded" if options.fold else ""))
    stem = Path(options.output or beside)
    if not stem.parent.is_dir():
        raise UserError(f"--output {stem}: there is no folder {stem.parent}; make it first.")
    if not os.access(stem.parent, os.W_OK):
        raise UserError(f"{stem.parent} cannot be written; choose another place by --output.")
    paths = {}
    for name in options.format:
        ending = FORMATS[name].ending
        bare = stem.name.removesuffix(ending)
        if options.quantize and name == QUANTIZED:
            ending = f"_{INT8}{ending}"
        paths[name] = stem.with_name(f"{bare}{ending}")
        for file in (*files_of(paths[name], name), names_file(paths[name])):
            if file.exists():
                raise UserError(
                    f"{file} exists and is not overwritten; remove it, or choose another --output."
                )
    return paths


def _check_fits(predictor: Predictor, dataset: ImageDataset) -> None:
    shape, classes = dataset.image_shape, len(dataset.class_names)
    fits = all(a in (None, b) for a, b in zip(predictor.image_shape, shape, strict=True))
    if not fits or len(predictor.class_names) != classes:
        raise UserError(
            f"the model takes images of {predictor.image_shape} in {len(predictor.class_names)} "
            f"classes, and those of {dataset.name!r} are {shape} in {classes}; name the data set "
            "that it was trained on by --dataset."
        )


def _print_loss(predictor: Predictor, quantized: Predictor, dataset: ImageDataset) -> None:
    before = 100 * accuracy(predictor, dataset.test, "float32")
    after = 100 * accuracy(quantized, dataset.test, INT8)
    print(
        f"{INT8:11} test accuracy {after:.2f} %, {before:.2f} % in float32: {before - after:.2f} "
        f"points lost (n={len(dataset.test):,}, {dataset.name})"
    )
