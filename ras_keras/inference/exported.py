"""Exported models as predictors of probabilities, whatever runs them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ras_keras.errors import Argument, UserError, first_line
from ras_keras.inference.execution_plan import ExecutionPlan
from ras_keras.inference.formats import check_installed
from ras_keras.inference.runtimes import RUNTIMES, check_precision
from ras_keras.inference.streams import Streams
from ras_keras.outputs.heads import head_of
from ras_keras.outputs.image_classifier import check_units, independent, read_numbers
from ras_keras.outputs.made_images import made_images
from ras_keras.outputs.scores import Scores
from ras_keras.pixels import in_pixel_units


@dataclass(frozen=True)
class Exported:
    """An exported model that is ready to run.

    Attributes:
        image_shape: (H, W, channels) of its images; H and W are None where any size fits.
        classes: of an image.
        predict: from raw images, 0..255, of any dtype (N, H, W, channels), to probabilities,
            float32 (N, classes).
        exclusive: whether a class excludes the others, so that probabilities add up to 1.
        notices: what a user should know of how the model's output was read, a line each.
        streams: calls of the runtime at a time.
        micro_batch: the most images of a call.
    """

    image_shape: tuple[int | None, int | None, int]
    classes: int
    predict: Callable[[np.ndarray], np.ndarray]
    exclusive: bool
    notices: tuple[str, ...]
    streams: int
    micro_batch: int


def open_exported(path: Path, name: str, plan: ExecutionPlan | None = None) -> Exported:
    """Opens an exported model and tries it on made images.

    A file does not say what its numbers are. Those that add up to 1 for each image are
    probabilities, as in every file that was exported here from classes that exclude each other;
    other numbers are read as `ras_keras.outputs.read_numbers` does, which a notice says. A model
    of a fixed batch is given as many images at a time.

    Args:
        path: of its file or folder.
        name: of its format.
        plan: how it uses the cores, None for one stream a core; the streams of a SavedModel share
            TensorFlow's threads.

    Raises:
        UserError: if its runtime is not installed or has not the plan's precision, or the file is
            missing, damaged or no classifier of images.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file; name an exported model.")
    module, open_format = RUNTIMES[name]
    check_installed(name, module)
    plan = plan or ExecutionPlan()
    if plan.precision != "float32" and name != "openvino":
        raise UserError(
            Argument("precision", plan.precision),
            f" is for OpenVINO, and {path} is run as {name}; leave it out, or export to openvino.",
        )
    check_precision(plan.precision)
    try:
        opened = open_format(path)
        batch, height, width, _ = (int(size) if size else None for size in opened.shape)
        channels = int(opened.shape[3] or 0)
        resolved = plan.resolved(height, width, opened.pixels_per_call)
        if batch is not None:
            resolved = replace(resolved, micro_batch=batch)
        runs, sizes = opened.runs(resolved)
        run = Streams(runs, resolved.micro_batch, sizes if batch is None else [batch])
        numbers = run(made_images((height, width, channels)))
        (_, units) = numbers.shape
    # Each runtime raises errors of its own, and of many kinds.
    except Exception as error:
        raise UserError(
            f"{path} cannot be run as {name} ({first_line(error)}); it is damaged or no classifier "
            "of images. Export or copy it again."
        ) from error
    scores, notices = read_numbers(path.name, numbers)
    check_units(path.name, scores, units)
    head = head_of(scores, units)
    predict = run if head is None else lambda images: np.asarray(head(run(images)))
    exclusive = not scores.binary or units == 1
    if scores is Scores.PROBABILITIES:
        notices = ()
    elif not exclusive:
        notices = (independent(path.name, units),)
    return Exported(
        (height, width, channels),
        2 if scores.binary and units == 1 else units,
        lambda images: predict(in_pixel_units(images)),
        exclusive,
        notices,
        len(runs),
        resolved.micro_batch,
    )
