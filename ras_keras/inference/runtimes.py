"""Exported models, each run by the runtime of its format."""

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from ras_keras.errors import UserError, first_line
from ras_keras.inference.formats import check_installed
from ras_keras.outputs.heads import head_of
from ras_keras.outputs.image_classifier import check_units, independent, read_numbers
from ras_keras.outputs.made_images import made_images
from ras_keras.outputs.scores import Scores


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
    """

    image_shape: tuple[int | None, int | None, int]
    classes: int
    predict: Callable[[np.ndarray], np.ndarray]
    exclusive: bool
    notices: tuple[str, ...]


def open_exported(path: Path, name: str, threads: int | None = None) -> Exported:
    """Opens an exported model and tries it on made images.

    A file does not say what its numbers are. Those that add up to 1 for each image are
    probabilities, as in every file that was exported here from classes that exclude each other;
    other numbers are read as `ras_keras.outputs.read_numbers` does, which a notice says. A model
    of a fixed batch is given as many images at a time.

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
        batch, height, width, _ = (int(size) if size else None for size in shape)
        channels = int(shape[3])
        # Two of the runtimes cannot compute two batches at the same time.
        run = _one_at_a_time(run if batch is None else _in_batches(run, batch))
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
        predict,
        exclusive,
        notices,
    )


def _one_at_a_time(run):
    lock = threading.Lock()

    def run_one(images):
        with lock:
            return np.asarray(run(np.asarray(images, "float32")))

    return run_one


def _in_batches(run, size):
    """The same, of any number of images, for a model that takes `size` of them."""

    def run_all(images):
        found = []
        for start in range(0, len(images), size):
            batch = images[start : start + size]
            # What fills a smaller batch up is not looked at.
            filled = np.concatenate([batch, np.repeat(batch[:1], size - len(batch), axis=0)])
            found.append(run(filled)[: len(batch)])
        return np.concatenate(found)

    return run_all


def _only(named: dict, what: str):
    """The only one of the inputs or outputs of a model."""
    if len(named) != 1:
        raise ValueError(f"it has {len(named)} {what}, {', '.join(named)}")
    return next(iter(named.values()))


def _open_saved_model(path, threads):
    loaded = tf.saved_model.load(str(path))
    signature = loaded.signatures["serving_default"]
    images = _only(signature.structured_input_signature[1], "inputs")
    _only(signature.structured_outputs, "outputs")

    def run(batch):
        # A signature lives no longer than what was loaded.
        found = loaded.signatures["serving_default"](**{images.name: tf.constant(batch)})
        return next(iter(found.values())).numpy()

    return images.shape, run


def _open_onnx(path, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Its errors are raised too; written out, they would stand there twice.
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    images = _only({each.name: each for each in session.get_inputs()}, "inputs")
    _only({each.name: each for each in session.get_outputs()}, "outputs")
    shape = [size if isinstance(size, int) else None for size in images.shape]
    return shape, lambda batch: session.run(None, {images.name: batch})[0]


def _open_openvino(path, threads):
    openvino = import_openvino()
    if not path.with_suffix(".bin").is_file():
        raise UserError(f"{path.with_suffix('.bin').name}, its weights, is not beside it")
    core = openvino.Core()
    model = core.read_model(path)
    images = _only({each.get_any_name(): each for each in model.inputs}, "inputs")
    _only({each.get_any_name(): each for each in model.outputs}, "outputs")
    shape = [None if size.is_dynamic else size.get_length() for size in images.partial_shape]
    # By itself it computes in bfloat16 where the processor has it.
    exact = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads}
    compiled = core.compile_model(model, "CPU", exact)
    return shape, lambda batch: np.array(compiled(batch)[0])


def _open_litert(path, threads):
    from ai_edge_litert.interpreter import Interpreter

    # From its bytes, which are verified; of a file that is mapped they are not.
    interpreter = Interpreter(model_content=path.read_bytes(), num_threads=threads)
    images = _only({each["name"]: each for each in interpreter.get_input_details()}, "inputs")
    output = _only({each["name"]: each for each in interpreter.get_output_details()}, "outputs")
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
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None forbids the import
    import openvino

    return openvino


RUNTIMES = {
    "saved_model": ((), _open_saved_model),
    "onnx": (("onnxruntime",), _open_onnx),
    "openvino": (("openvino",), _open_openvino),
    "litert": (("ai_edge_litert",), _open_litert),
}
