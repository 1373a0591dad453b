"""Exported models, each run by the runtime of its format."""

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from ras_keras.deploy.formats import check_installed
from ras_keras.errors import UserError, first_line

# Of the image that is tried where a model takes any size, in pixels.
TRIED_SIZE = 32


@dataclass(frozen=True)
class Exported:
    """An exported model that is ready to run.

    Attributes:
        image_shape: (H, W, channels) of its images; H and W are None where any size fits.
        classes: numbers that it returns for an image.
        predict: from raw images, 0..255, of any dtype (N, H, W, channels), to probabilities,
            float32 (N, classes).
    """

    image_shape: tuple[int | None, int | None, int]
    classes: int
    predict: Callable[[np.ndarray], np.ndarray]


def open_exported(path: Path, name: str, threads: int | None = None) -> Exported:
    """Opens an exported model and tries it on one black image.

    Args:
        path: of its file or folder.
        name: of its format.
        threads: that it runs on, None for one a core; a SavedModel runs on TensorFlow's.

    Raises:
        UserError: if its runtime is not installed, or the file is missing, damaged or no
            classifier of images.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file; name an exported model.")
    module, open_format = RUNTIMES[name]
    check_installed(name, module)
    try:
        shape, run = open_format(path, threads or os.cpu_count())
        height, width, channels = (int(size) if size else None for size in shape[1:])
        blank = np.zeros((1, height or TRIED_SIZE, width or TRIED_SIZE, channels), "float32")
        (_, classes) = run(blank).shape
    # Each runtime raises errors of its own, and of many kinds.
    except Exception as error:
        raise UserError(
            f"{path} cannot be run as {name} ({first_line(error)}); it is damaged or no classifier "
            "of images. Export or copy it again."
        ) from error
    # Two of the runtimes cannot compute two batches at the same time.
    lock = threading.Lock()

    def predict(images):
        with lock:
            return run(np.asarray(images, "float32"))

    return Exported((height, width, channels), classes, predict)


def _open_saved_model(path, threads):
    loaded = tf.saved_model.load(str(path))
    signature = loaded.signatures["serving_default"]
    ((name, spec),) = signature.structured_input_signature[1].items()
    (output,) = signature.structured_outputs

    def run(images):
        # A signature lives no longer than what was loaded.
        return loaded.signatures["serving_default"](**{name: tf.constant(images)})[output].numpy()

    return spec.shape, run


def _open_onnx(path, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Its errors are raised too; written out, they would stand there twice.
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    (images,) = session.get_inputs()
    shape = [size if isinstance(size, int) else None for size in images.shape]
    return shape, lambda batch: session.run(None, {images.name: batch})[0]


def _open_openvino(path, threads):
    openvino = import_openvino()
    if not path.with_suffix(".bin").is_file():
        raise UserError(f"{path.with_suffix('.bin').name}, its weights, is not beside it")
    core = openvino.Core()
    model = core.read_model(path)
    (images,) = model.inputs
    shape = [None if size.is_dynamic else size.get_length() for size in images.partial_shape]
    # By itself it computes in bfloat16 where the processor has it.
    exact = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads}
    compiled = core.compile_model(model, "CPU", exact)
    return shape, lambda batch: np.array(compiled(batch)[0])


def _open_litert(path, threads):
    from ai_edge_litert.interpreter import Interpreter

    # From its bytes, which are verified; of a file that is mapped they are not.
    interpreter = Interpreter(model_content=path.read_bytes(), num_threads=threads)
    (images,), (output,) = interpreter.get_input_details(), interpreter.get_output_details()
    allocated = None

    def run(batch):
        nonlocal allocated
        if batch.shape != allocated:
            interpreter.resize_tensor_input(images["index"], batch.shape)
            interpreter.allocate_tensors()
            allocated = batch.shape
        interpreter.set_tensor(images["index"], batch)
        interpreter.invoke()
        return interpreter.get_tensor(output["index"])

    return [None if size < 0 else size for size in images["shape_signature"]], run


def import_openvino():
    """OpenVINO without its report of use, which it would send unasked."""
    sys.modules.setdefault("openvino_telemetry", None)
    import openvino

    return openvino


RUNTIMES = {
    "saved_model": ((), _open_saved_model),
    "onnx": (("onnxruntime",), _open_onnx),
    "openvino": (("openvino",), _open_openvino),
    "litert": (("ai_edge_litert",), _open_litert),
}
