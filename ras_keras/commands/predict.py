"""Name the classes of images."""

import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated

import tyro
from tqdm import tqdm

from ras_keras.commands.line.error_text import in_flags
from ras_keras.commands.line.execution_flags import ExecutionFlags
from ras_keras.commands.line.fields import File, Images, Model
from ras_keras.commands.line.flags import parse
from ras_keras.data.files.image_files import MAXIMUM_BYTES
from ras_keras.errors import UserError
from ras_keras.inference.images import find_images
from ras_keras.inference.prediction_text import csv_lines, json_document, table
from ras_keras.inference.predictions import predict_images
from ras_keras.outputs.class_names import read_names_file
from ras_keras.text.shown import shown
from ras_keras.values.typed import Count

STANDARD_INPUT = "-"
UNREADABLE = 1


@dataclass(frozen=True)
class Predict:
    """Name the most probable classes of images.

    Only the table, CSV or JSON goes to standard output. Images that cannot be read are named on
    standard error and left out; the exit code is then 1.
    """

    model: Model
    """A .keras file, a run folder, whose best.keras is taken, an exported model, or a model of the
    package by its name."""
    images: Annotated[Images, tyro.conf.Positional]
    """Image files, folders, searched at any depth, patterns such as 'photos/**/*.jpg', and - for
    one image on standard input."""
    top: Count = 5
    """Classes that are named for an image, at most."""
    json: bool = False
    """Write one JSON list, an object per image."""
    csv: bool = False
    """Write CSV, a line per class: image, rank, class, probability."""
    classes: File | None = None
    """File of the classes' names, one per line or a JSON list; None is those in the model."""
    batch_size: Count = 128
    """Images per step, at most."""
    execution: ExecutionFlags = field(default_factory=ExecutionFlags)
    imports: tuple[str, ...] = ()
    """Python modules to import before the model is loaded, beside the run's."""


def main(arguments: Sequence[str], program: str) -> int:
    options = parse(Predict, arguments, program)
    _check(options)
    images = _images(options.images)
    names = read_names_file(Path(options.classes)) if options.classes else None
    predictor = options.execution.open(options.model, options.imports)
    predictor = options.execution.with_runtime(predictor, len(images))
    if names is not None:
        predictor = predictor.with_class_names(names)

    # Standard output holds the predictions alone.
    for notice in predictor.notices:
        print(f"notice: {notice}", file=sys.stderr)
    left_out = []
    with tqdm(
        total=len(images),
        unit="image",
        disable=len(images) <= options.batch_size,
        # A log file gets a line now and then.
        mininterval=0.1 if sys.stderr.isatty() else 60,
    ) as bar:

        def leave_out(error):
            left_out.append(error)
            _writer(sys.stderr)(f"left out: {shown(in_flags(error))}\n")
            bar.update()

        def counted(predictions):
            for prediction in predictions:
                yield prediction
                bar.update()

        predictions = counted(
            predict_images(predictor, images, options.top, options.batch_size, leave_out)
        )
        write = _writer(sys.stdout)
        for text in _text(options, predictions, [name for name, _ in images], predictor):
            write(text)
    if left_out:
        print(f"{len(left_out):,} of {len(images):,} images could not be read", file=sys.stderr)
        return UNREADABLE
    return 0


def _writer(stream):
    """On a terminal, what writes above the progress bar."""
    return partial(tqdm.write, file=stream, end="") if stream.isatty() else stream.write


def _check(options) -> None:
    if options.json and options.csv:
        raise UserError("--json and --csv contradict each other; choose one.")
    if not options.images:
        raise UserError("no image was named; name files, folders, patterns, or - for one image.")


def _images(arguments):
    """Names with the files or streams that they stand for."""
    images = []
    for argument in arguments:
        if argument == STANDARD_INPUT:
            stream = io.BytesIO(sys.stdin.buffer.read(MAXIMUM_BYTES + 1))
            stream.name = "standard input"
            images.append((argument, stream))
        else:
            images += [(str(file), file) for file in find_images([argument])]
    return images


def _text(options, predictions, images, predictor):
    if options.json:
        return json_document(predictions, sys.stdout.encoding)
    if options.csv:
        return csv_lines(predictions)
    return table(predictions, images, predictor.class_names)
