"""Exported detectors, run by the runtimes of their formats."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ras_keras.errors import UserError, first_line
from ras_keras.inference.formats import FORMATS, check_installed
from ras_keras.inference.runtimes import OF_OPENVINO, RUNTIMES, import_openvino
from ras_keras.outputs.class_names import names_file

Run = Callable[[np.ndarray], dict[str, np.ndarray]]


class ExportedDetector:
    """A detector in a runtime, in place of the network that it was exported from.

    Args:
        path: of the file.
        form: "onnx" or "openvino".
        class_names: one for each class, None where they are not asked for.

    Attributes:
        input_shape: of its images, (None, H, W, 3).
        output_names: of what it finds in them.

    Raises:
        UserError: if its runtime is not installed, or it is damaged or no network of images.
    """

    def __init__(self, path: Path, form: str, class_names: tuple[str, ...] | None = None):
        if not path.is_file():
            raise UserError(f"{path}: no such file; name an exported detector.")
        check_installed(form, RUNTIMES[form][0])
        try:
            shape, names, self._run = OPENERS[form](path)
            _, height, width, channels = shape
            sides = int(height), int(width), int(channels)
        # Each runtime raises errors of its own, and of many kinds.
        except Exception as error:
            raise UserError(
                f"{path} cannot be run as {form} ({first_line(error)}); it is damaged or no "
                "detector. Export or copy it again."
            ) from error
        self.input_shape: tuple[int | None, int, int, int] = (None, *sides)
        self.output_names = {*names}
        self._path, self._names = path, class_names

    def predict_on_batch(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Its outputs, by their names, of raw images, (N, H, W, 3).

        Raises:
            UserError: if a class has no name.
        """
        found = self._run(images.astype("float32"))
        if self._names and (last := int(found["classes"].max(initial=-1))) >= len(self._names):
            raise UserError(
                f"{names_file(self._path)} has {len(self._names)} names, and {self._path.name} "
                f"finds class {last}; copy the one that was exported with it."
            )
        return found


def exported_form(path: Path) -> str | None:
    """The format that a file's ending stands for, None for none that a detector is exported to."""
    return next((form for form in OPENERS if path.suffix == FORMATS[form].ending), None)


def _open_onnx(path: Path) -> tuple[list, list[str], Run]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # Its errors are raised too; written out, they would stand there twice.
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def run(images):
        return dict(zip(names, session.run(names, {taken.name: images}), strict=True))

    (taken,) = session.get_inputs()
    return taken.shape, names, run


def _open_openvino(path: Path) -> tuple[list, list[str], Run]:
    exact = {"INFERENCE_PRECISION_HINT": OF_OPENVINO["float32"]}
    compiled = import_openvino().Core().compile_model(path, "CPU", exact)

    def run(images):
        found = compiled(images)
        return {output.get_any_name(): found[output] for output in compiled.outputs}

    (taken,) = compiled.inputs
    _, *sizes = taken.partial_shape
    names = [output.get_any_name() for output in compiled.outputs]
    return [None, *(size.get_length() for size in sizes)], names, run


OPENERS = {"onnx": _open_onnx, "openvino": _open_openvino}
