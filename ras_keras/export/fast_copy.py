"""A Keras model that OpenVINO runs folded, from a copy that is kept by the model's checksum."""

import contextlib
import hashlib
import os
import tempfile
from dataclasses import replace
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import keras
import numpy as np

from ras_keras.backend import devices
from ras_keras.errors import Argument, UserError, first_line
from ras_keras.export.agreement import LOG_TOLERANCE
from ras_keras.export.export import export
from ras_keras.export.precision import half_precision, in_float32
from ras_keras.files import cache_folder
from ras_keras.folding import fold
from ras_keras.inference.execution_plan import ExecutionPlan
from ras_keras.inference.exported import open_exported
from ras_keras.inference.formats import check_installed
from ras_keras.inference.predictor import Predictor
from ras_keras.inference.runtimes import check_precision
from ras_keras.outputs.made_images import made_images

Runtime = Literal["auto", "keras", "openvino"]
NAME = "openvino"
# Images for which a copy pays, its making and Keras's first batch included.
MANY = 1_000
# Of a probability.
TOLERANCE = 1e-5
# Copies that are kept, those that were used last.
COPIES = 20


def with_runtime(
    predictor: Predictor, runtime: Runtime, images: int | None, plan: ExecutionPlan
) -> Predictor:
    """The same model, run by OpenVINO where that is asked for, or pays.

    Its probabilities of made images are compared with Keras's each time: to 1e-5, and to 1e-3 in
    their logarithms. The copy is folded, in float32, and lies in the user's cache folder.

    Args:
        predictor: of a Keras model, or of an exported one, which stays what it is.
        runtime: "keras" and "openvino" say which; "auto" is OpenVINO for many images, where it is
            installed, on a CPU with TensorFlow, for a network of images of one size in float32,
            and for a precision that is OpenVINO's alone; and Keras where OpenVINO fails.
        images: that will be predicted, None for no end of them.
        plan: how OpenVINO uses the cores, and in which precision.

    Raises:
        UserError: if OpenVINO is asked for and cannot run the model, or Keras runs it and does not
            take the plan.
    """
    if predictor.model is None:
        if runtime != "auto":
            raise UserError(
                Argument("runtime", runtime),
                f" says nothing, for {predictor.path} is exported and has its own.",
            )
        return predictor
    lower = plan.precision != "float32"
    if runtime == "keras":
        if lower:
            raise UserError(
                Argument("precision", plan.precision),
                " is for OpenVINO, and Keras runs a model as it was trained; leave one "
                "of them out.",
            )
        return _by_keras(predictor, plan)
    if runtime == "auto" and not lower:
        if not _fits(predictor) or not (images is None or images >= MANY):
            return _by_keras(predictor, plan)
        try:
            return _run_by_openvino(predictor, plan)
        # Whatever a converter, a layer of the user's or a folder does not take, Keras does.
        except Exception as error:
            notice = f"run by Keras, for OpenVINO cannot ({first_line(error)})"
            return replace(_by_keras(predictor, plan), notices=(*predictor.notices, notice))
    check_installed(NAME)
    check_precision(plan.precision)
    if keras.backend.backend() != "tensorflow":
        raise UserError(
            f"KERAS_BACKEND {keras.backend.backend()} exports nothing; give ",
            Argument("runtime", NAME),
            " with KERAS_BACKEND=tensorflow.",
        )
    try:
        return _run_by_openvino(predictor, plan)
    except UserError as error:
        reason = first_line(error).rstrip(".")
        raise UserError(
            f"OpenVINO cannot run {predictor.path} ({reason}); give ",
            Argument("precision", "float32") if lower else Argument("runtime", "keras"),
            ".",
        ) from error


def _by_keras(predictor: Predictor, plan: ExecutionPlan) -> Predictor:
    """The predictor as it is, if Keras takes the plan."""
    if predictor.batch_multiple is None:
        for name in ("streams", "micro_batch"):
            if getattr(plan, name) is not None:
                raise UserError(
                    Argument(name, getattr(plan, name)),
                    " says nothing here: Keras is given whole batches but by TensorFlow, on a CPU, "
                    "for images of one size.",
                )
    return predictor


def _fits(predictor) -> bool:
    return (
        find_spec(NAME) is not None
        and keras.backend.backend() == "tensorflow"
        and not devices.gpus()
        and None not in predictor.image_shape
        and half_precision(predictor.model) is None
    )


def _file(predictor: Predictor) -> Path:
    """Of the copy: another one for another model, or another version of what makes it."""
    known = hashlib.sha256(predictor.path.read_bytes())
    for name in ("ras_keras", "keras", NAME):
        known.update(f" {name} {_version(name)}".encode())
    return cache_folder() / f"{known.hexdigest()[:32]}.xml"


def _version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _run_by_openvino(predictor, plan) -> Predictor:
    file, model = _file(predictor), in_float32(predictor.model)
    images = made_images(predictor.image_shape)
    expected = np.asarray(model.predict_on_batch(images))

    def opened():
        found = open_exported(file, NAME, replace(plan, precision="float32"))
        _check_same(found.predict(images), expected, predictor.least)
        return found

    try:
        exported = opened()
    # Not there, damaged, or made by other code of the same version.
    except (UserError, OSError):
        _make(model, file)
        exported = opened()
    # By which old copies are told; the folder may be another's.
    with contextlib.suppress(OSError):
        os.utime(file)
    how = ""
    if plan.precision != "float32":
        exported = open_exported(file, NAME, plan)
        how = f" in {plan.precision}"
    return replace(
        predictor,
        predict=exported.predict,
        batch_multiple=1,
        notices=(*predictor.notices, f"run folded by OpenVINO{how}"),
    )


def _check_same(found, expected, least) -> None:
    difference = np.abs(found - expected).max()
    # Of a trained network nearly all probabilities of made images are next to nothing.
    logarithms = np.abs(np.log(np.maximum(found, least)) - np.log(np.maximum(expected, least)))
    # Written so that NaN is refused too.
    if not (difference <= TOLERANCE and logarithms.max() <= LOG_TOLERANCE):
        raise UserError(
            f"its probabilities differ from Keras's by {difference:.1g}, and by "
            f"{logarithms.max():.1g} in their logarithms."
        )


def _make(model: keras.Model, file: Path) -> None:
    """Writes the copy in the place of an earlier one.

    Raises:
        UserError: if the model cannot be converted, or the folder cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            path = Path(folder, file.name)
            export(fold(model), path, NAME, None)
            for each in (path.with_suffix(".bin"), path):
                each.replace(file.with_name(each.name))
    except OSError as error:
        raise UserError(
            f"{file.parent}, where the copy would lie, cannot be written: {error.strerror}"
        ) from error
    # Another process may be at it as well, or have a copy open.
    with contextlib.suppress(OSError):
        copies = sorted(file.parent.glob("*.xml"), key=lambda each: each.stat().st_mtime)
        for old in copies[:-COPIES]:
            old.unlink(missing_ok=True)
            old.with_suffix(".bin").unlink(missing_ok=True)
