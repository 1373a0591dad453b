"""A Keras model that OpenVINO runs folded, from a copy that is kept by the model's checksum."""

import hashlib
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
from ras_keras.export.export import export
from ras_keras.export.precision import half_precision, in_float32
from ras_keras.files import cache_folder
from ras_keras.folding import fold
from ras_keras.inference.execution_plan import ExecutionPlan
from ras_keras.inference.formats import check_installed
from ras_keras.inference.predictor import Predictor
from ras_keras.inference.runtimes import open_exported
from ras_keras.outputs.made_images import made_images
from ras_keras.pixels import in_pixel_units

Runtime = Literal["auto", "keras", "openvino"]
NAME = "openvino"
# Images for which a copy that is yet to be made pays.
MANY = 1_000
# Of a probability.
TOLERANCE = 1e-5


def with_runtime(
    predictor: Predictor, runtime: Runtime, images: int | None, plan: ExecutionPlan
) -> Predictor:
    """The same model, run by OpenVINO where that is asked for, or pays.

    Its probabilities are Keras's to 1e-5; the copy is folded, in float32, and lies in the user's
    cache folder.

    Args:
        predictor: of a Keras model, or of an exported one, which stays what it is.
        runtime: "keras" and "openvino" say which; "auto" is OpenVINO where it is installed, on a
            CPU with TensorFlow, for a network of images of one size in float32, and for many
            images unless the copy is there.
        images: that will be predicted, None for many.
        plan: how OpenVINO uses the cores.

    Raises:
        UserError: if OpenVINO is asked for and cannot run the model.
    """
    if predictor.model is None:
        if runtime != "auto":
            raise UserError(
                Argument("runtime", runtime),
                f" says nothing, for {predictor.path} is exported and has its own.",
            )
        return predictor
    if runtime == "keras":
        return predictor
    if runtime == "auto":
        file = _file(predictor) if _fits(predictor) else None
        if file is None or not (file.exists() or images is None or images >= MANY):
            return predictor
        try:
            return _run_by_openvino(predictor, file, plan)
        except UserError as error:
            return replace(
                predictor, notices=(*predictor.notices, f"run by Keras: {first_line(error)}")
            )
    check_installed(NAME)
    if keras.backend.backend() != "tensorflow":
        raise UserError(
            f"KERAS_BACKEND {keras.backend.backend()} exports nothing; give ",
            Argument("runtime", "openvino"),
            " with KERAS_BACKEND=tensorflow.",
        )
    return _run_by_openvino(predictor, _file(predictor), plan)


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


def _run_by_openvino(predictor, file, plan) -> Predictor:
    if not file.exists():
        _make(predictor, file)
    exported = open_exported(file, NAME, plan)
    return replace(
        predictor,
        predict=lambda images: exported.predict(in_pixel_units(images)),
        notices=(*predictor.notices, "run folded by OpenVINO, which is faster than Keras"),
    )


def _make(predictor: Predictor, file: Path) -> None:
    """Writes the copy, once it has said what Keras says.

    Raises:
        UserError: if the model cannot be converted, or another one came out.
    """
    images = made_images(predictor.image_shape)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            path = Path(folder, file.name)
            export(fold(in_float32(predictor.model)), path, NAME, None)
            found = open_exported(path, NAME).predict(images)
            difference = np.abs(found - predictor.predict(images)).max()
            # Written so that NaN is refused too.
            if not difference <= TOLERANCE:
                raise UserError(
                    f"OpenVINO's probabilities differ from Keras's by {difference:.1g}, more than "
                    f"{TOLERANCE:g}."
                )
            # The file that says that the copy is there comes last.
            for each in (path.with_suffix(".bin"), path):
                each.replace(file.with_name(each.name))
    except OSError as error:
        raise UserError(
            f"{file.parent} cannot be written ({error.strerror}), where OpenVINO's copy would lie."
        ) from error
