"""Detectors in the formats of other runtimes."""

import tempfile
from pathlib import Path
from typing import Literal

import keras
import numpy as np

from ras_keras.detection.exported import ExportedDetector
from ras_keras.detection.network.non_maximum_suppression import NonMaximumSuppression
from ras_keras.errors import Argument, UserError, first_line
from ras_keras.export.export import WRITERS, ExportDiffers, output_names
from ras_keras.inference.formats import FORMATS, check_installed
from ras_keras.outputs.class_names import write_class_names
from ras_keras.outputs.made_images import made_images

DetectorFormat = Literal["onnx", "openvino"]
# Of the largest value of an output.
TOLERANCE = 1e-3


def export_detector(
    network: keras.Model, path: Path, form: DetectorFormat, class_names: tuple[str, ...]
) -> None:
    """Writes a detector in a format, all of it or nothing, and runs it there once.

    The exported network takes raw images, 0..255, float32 (N, H, W, 3) with any N. Its outputs have
    the names and shapes of the network's: of a `RetinaNet` offsets and logits, of `detector` boxes,
    scores and classes.

    Args:
        network: a `RetinaNet`, or one that `detector` has made.
        path: of the file; nothing lies there.
        form: "onnx" or "openvino".
        class_names: one for each class, written beside the file.

    Raises:
        UserError: if the runtime is not installed, or the network cannot be converted.
        ExportDiffers: if another network came out.
    """
    check_installed(form)
    if keras.backend.backend() != "tensorflow":
        raise UserError("detectors are exported on TensorFlow; set KERAS_BACKEND=tensorflow.")
    with tempfile.TemporaryDirectory(prefix=".export.", dir=path.parent) as folder:
        made = Path(folder, path.name)
        try:
            for layer in network.layers:
                if isinstance(layer, NonMaximumSuppression):
                    # It may leave nothing of made images, whatever goes into it.
                    outputs = dict(zip(("boxes", "classes"), layer.input, strict=True))
                    before = keras.Model(network.inputs, outputs, name=network.name)
                    with tempfile.TemporaryDirectory(dir=folder) as other:
                        _write(before, Path(other, path.name), form, path)
            _write(network, made, form, path)
        except (OSError, UserError):
            raise
        # What a converter or a runtime raises is its own affair, and of many kinds.
        except Exception as error:
            raise UserError(
                f"{network.name} cannot be converted to {form} ({first_line(error)}); choose "
                "another ",
                Argument("format"),
                ".",
            ) from error
        write_class_names(made, class_names)
        for each in sorted(Path(folder).iterdir(), key=lambda file: file == made):
            each.rename(path.parent / each.name)


def ending_of(form: str) -> str:
    return FORMATS[form].ending


def _write(network: keras.Model, made: Path, form: str, path: Path) -> None:
    """Writes a network to `made` and runs it there; messages name `path`."""
    WRITERS[form](network, made)
    images = made_images(network.input_shape[1:])
    try:
        found = ExportedDetector(made, form).predict_on_batch(images)
    except UserError as error:
        # What the runtime said itself; the file is gone in a moment.
        raise error.__cause__ or error from None
    expected = network.predict_on_batch(images)
    wanted = {name: np.asarray(expected[name]) for name in output_names(network)}
    for name, difference in differences(wanted, found).items():
        # Written so that NaN is refused too.
        if not difference <= TOLERANCE:
            raise ExportDiffers(
                f"{path} was not written: in {form} the {name} of made images differ by "
                f"{difference:.1g} of the largest one, more than {TOLERANCE:g}; choose another ",
                Argument("format"),
                ".",
            )


def differences(wanted: dict[str, np.ndarray], found: dict[str, np.ndarray]) -> dict[str, float]:
    """By how much each output differs, in parts of its largest value; a class by its number.

    Near ties may come in another order: boxes and classes are compared at the places whose score
    differs from those before and after it.
    """
    alone = _alone(wanted["scores"]) if "scores" in wanted else None
    by = {}
    for name, value in wanted.items():
        places = slice(None) if alone is None or name == "scores" else alone
        apart = np.abs(value - found[name])[places].max(initial=0.0)
        largest = 1.0 if name == "classes" and alone is not None else np.abs(value).max()
        by[name] = float(apart / max(1.0, largest))
    return by


def _alone(scores: np.ndarray) -> np.ndarray:
    """Which places of falling scores, (N, M), would be the same if each moved by the tolerance.

    The last one is not: nobody knows what comes behind it.
    """
    far = -np.diff(scores, axis=1) > 2 * TOLERANCE
    return np.pad(far, [(0, 0), (1, 0)], constant_values=True) & np.pad(far, [(0, 0), (0, 1)])
