"""The formats that a model is exported to."""

from dataclasses import dataclass
from pathlib import Path

from ras_keras.backend import imports

SAVED_MODEL_FILE = "saved_model.pb"


@dataclass(frozen=True)
class Format:
    """A format.

    Attributes:
        ending: of its file, or of the folder of a SavedModel.
        modules: what writes and runs it beside TensorFlow.
        extra: of this package, which installs them; empty where there are none.
    """

    ending: str
    modules: tuple[str, ...] = ()
    extra: str = ""


# Keras's fifth, PyTorch's, can only be written on Keras's PyTorch backend.
FORMATS = {
    "saved_model": Format("_saved_model"),
    "onnx": Format(".onnx", ("onnx", "tf2onnx", "onnxruntime"), "onnx"),
    "openvino": Format(".xml", ("openvino",), "openvino"),
    "litert": Format(".tflite", ("ai_edge_litert",), "litert"),
}


def format_of(path: Path) -> str | None:
    """The format that a file's ending or a folder's content stands for, None for no such format."""
    if path.is_dir():
        return "saved_model" if (path / SAVED_MODEL_FILE).is_file() else None
    return next((name for name, each in FORMATS.items() if path.suffix == each.ending), None)


def check_installed(name: str, modules: tuple[str, ...] | None = None) -> None:
    """Refuses a format whose packages are not there.

    Args:
        name: of `FORMATS`.
        modules: those that are needed, None for all of the format's.

    Raises:
        UserError: with the command that installs them.
    """
    needed = FORMATS[name].modules if modules is None else modules
    imports.check_installed(f"the format {name}", needed, FORMATS[name].extra)
