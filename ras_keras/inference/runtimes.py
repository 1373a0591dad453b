"""Exported models, each run by the runtime of its format."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from ras_keras.errors import UserError, first_line
from ras_keras.inference.execution_plan import (
    PIXELS_A_CALL,
    PIXELS_OF_TENSORFLOW,
    PIXELS_ON_GPU,
    ExecutionPlan,
)
from ras_keras.inference.formats import check_installed
from ras_keras.inference.streams import Run, Streams, filled
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
        UserError: if its runtime is not installed, or the file is missing, damaged or no
            classifier of images.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file; name an exported model.")
    module, open_format = RUNTIMES[name]
    check_installed(name, module)
    try:
        opened = open_format(path)
        batch, height, width, _ = (int(size) if size else None for size in opened.shape)
        channels = int(opened.shape[3] or 0)
        streams, threads, micro_batch = (plan or ExecutionPlan()).settled(
            height, width, opened.a_call
        )
        if batch is not None:
            micro_batch = batch
        runs, sizes = opened.runs(streams, threads, micro_batch)
        run = Streams(runs, micro_batch, sizes if batch is None else [batch])
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


def _only(named: dict, what: str):
    """The only one of the inputs or outputs of a model."""
    if len(named) != 1:
        raise ValueError(f"it has {len(named)} {what}, {', '.join(named)}")
    return next(iter(named.values()))


@dataclass(frozen=True)
class Opened:
    """A model in its runtime.

    Attributes:
        shape: of its input, with None or 0 for what is not fixed.
        runs: from a number of streams, of threads of each, and of images that one is given at
            most, to a function for each stream, and the numbers of images that it takes, None for
            any.
        a_call: pixels that are best in a call.
    """

    shape: Sequence[int | None]
    runs: Callable[[int, int, int], tuple[list[Run], list[int] | None]]
    a_call: int = PIXELS_A_CALL


def _open_saved_model(path):
    loaded = tf.saved_model.load(str(path))
    signature = loaded.signatures["serving_default"]
    images = _only(signature.structured_input_signature[1], "inputs")
    _only(signature.structured_outputs, "outputs")

    def run(batch):
        # A signature lives no longer than what was loaded.
        found = loaded.signatures["serving_default"](**{images.name: tf.constant(batch)})
        return next(iter(found.values())).numpy()

    on_gpu = bool(tf.config.list_logical_devices("GPU"))
    return Opened(
        images.shape,
        lambda streams, threads, _: ([run] * (1 if on_gpu else streams), None),
        PIXELS_ON_GPU if on_gpu else PIXELS_OF_TENSORFLOW,
    )


def _open_onnx(path):
    import onnxruntime

    def session(model, threads, **sizes):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Its errors are raised too; written out, they would stand there twice.
        options.log_severity_level = 4
        for name, size in sizes.items():
            options.add_free_dimension_override_by_name(name, size)
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    first = session(str(path), 1)
    images = _only({each.name: each for each in first.get_inputs()}, "inputs")
    _only({each.name: each for each in first.get_outputs()}, "outputs")
    batch, *rest = images.shape

    def run(model, threads, **sizes):
        ready = session(model, threads, **sizes)
        return lambda part: ready.run(None, {images.name: part})[0]

    def runs(streams, threads, micro_batch):
        # Several threads may run a session at a time.
        if not isinstance(batch, str) or not all(isinstance(size, int) for size in rest):
            return [run(str(path), threads)] * streams, None
        model = _gates_in_blocks(path)
        by_size = {size: run(model, threads, **{batch: size}) for size in {1, micro_batch}}
        return [_by_size(by_size)] * streams, [*by_size]

    return Opened([size if isinstance(size, int) else None for size in images.shape], runs)


def _gates_in_blocks(path) -> bytes | str:
    """A model with gates that are fast in ONNX Runtime; its path where it cannot be had so."""
    try:
        import onnx

        from ras_keras.inference.onnx_gates import with_gates_in_blocks

        model = onnx.load(path)
        with_gates_in_blocks(model)
        return model.SerializeToString()
    # The package may be missing, and what it does not take the runtime may.
    except Exception:
        return str(path)


def _by_size(runs):
    """What runs a batch of each size: where sizes are known, a runtime is faster."""
    return lambda part: runs[len(part)](part)


def _open_openvino(path):
    openvino = import_openvino()
    if not path.with_suffix(".bin").is_file():
        raise UserError(f"{path.with_suffix('.bin').name}, its weights, is not beside it")
    core = openvino.Core()
    model = core.read_model(path)
    images = _only({each.get_any_name(): each for each in model.inputs}, "inputs")
    _only({each.get_any_name(): each for each in model.outputs}, "outputs")
    shape = [None if size.is_dynamic else size.get_length() for size in images.partial_shape]

    def compiled(options, size):
        known = core.read_model(path)
        known.reshape([size, *shape[1:]])
        return core.compile_model(known, "CPU", options)

    def run(compiled):
        request = compiled.create_infer_request()
        return lambda part: np.array(request.infer({0: part})[0])

    def runs(streams, threads, micro_batch):
        options = {
            # By itself it computes in bfloat16 where the processor has it.
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": streams * threads,
            "NUM_STREAMS": streams,
        }
        ready = {}
        if shape[0] is None and all(shape[1:]):
            ready = {size: compiled(options, size) for size in {1, micro_batch}}
        if not ready or not all(
            _repeats_itself(ready[size], size, shape, streams) for size in ready
        ):
            any_size = core.compile_model(model, "CPU", options)
            return [run(any_size) for _ in range(streams)], None
        each = [_by_size({size: run(ready[size]) for size in ready}) for _ in range(streams)]
        return each, [*ready]

    return Opened(shape, runs)


def _repeats_itself(compiled, size, shape, streams) -> bool:
    """Whether a model of a fixed batch says the same again.

    OpenVINO 2026.4 writes into constants that it makes of what depends on the batch alone, such as
    the first state of a recurrent aggregation; each stream has its own.
    """
    images = filled(made_images(shape[1:])[:size], size).astype("float32")
    first, *others = (np.array(compiled(images)[0]) for _ in range(streams + 1))
    # Relative: of a trained network nearly all probabilities of noise are next to nothing.
    return all(np.allclose(first, other, rtol=1e-4, atol=1e-30) for other in others)


def _open_litert(path):
    from ai_edge_litert.interpreter import Interpreter

    # From its bytes, which are verified; of a file that is mapped they are not.
    content = path.read_bytes()
    first = Interpreter(model_content=content)
    images = _only({each["name"]: each for each in first.get_input_details()}, "inputs")
    output = _only({each["name"]: each for each in first.get_output_details()}, "outputs")

    def run(threads):
        interpreter = Interpreter(model_content=content, num_threads=threads)
        allocated = None

        def invoke(batch):
            nonlocal allocated
            if batch.shape != allocated:
                # Of a size that it refuses nothing is allocated.
                allocated = None
                interpreter.resize_tensor_input(images["index"], batch.shape)
                interpreter.allocate_tensors()
                allocated = batch.shape
            interpreter.set_tensor(images["index"], batch)
            interpreter.invoke()
            return interpreter.get_tensor(output["index"])

        return invoke

    shape = [None if size < 0 else size for size in images["shape_signature"]]
    return Opened(shape, lambda streams, threads, _: ([run(threads) for _ in range(streams)], None))


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
