"""Models in the runtimes of their formats."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from ras_keras.errors import Argument, UserError
from ras_keras.inference.execution_plan import (
    PIXELS_A_CALL,
    PIXELS_OF_TENSORFLOW,
    PIXELS_ON_GPU,
    Precision,
    ResolvedPlan,
)
from ras_keras.inference.streams import Run, filled
from ras_keras.outputs.made_images import made_images

# What OpenVINO calls precisions: as a hint, and among what a processor can do.
OF_OPENVINO = {"float32": "f32", "bfloat16": "bf16"}
CAPABILITIES = {"bfloat16": "BF16"}


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
        runs: from a resolved plan to a function for each stream, and the numbers of images that it
            takes, None for any.
        pixels_per_call: pixels that are best in a call.
    """

    shape: Sequence[int | None]
    runs: Callable[[ResolvedPlan], tuple[list[Run], list[int] | None]]
    pixels_per_call: int = PIXELS_A_CALL


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
        lambda plan: ([run] * (1 if on_gpu else plan.streams), None),
        PIXELS_ON_GPU if on_gpu else PIXELS_OF_TENSORFLOW,
    )


def _open_onnx(path):
    import onnxruntime

    def session(model, threads, optimize=True, **sizes):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        if not optimize:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        # Its errors are raised too; written out, they would stand there twice.
        options.log_severity_level = 4
        for name, size in sizes.items():
            options.add_free_dimension_override_by_name(name, size)
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    # Only to be asked for its inputs and outputs.
    first = session(str(path), 1, optimize=False)
    images = _only({each.name: each for each in first.get_inputs()}, "inputs")
    _only({each.name: each for each in first.get_outputs()}, "outputs")
    batch, *rest = images.shape

    def run(model, threads, **sizes):
        ready = session(model, threads, **sizes)
        return lambda part: ready.run(None, {images.name: part})[0]

    def runs(plan):
        # Several threads may run a session at a time.
        if not isinstance(batch, str) or not all(isinstance(size, int) for size in rest):
            return [run(str(path), plan.threads)] * plan.streams, None
        model = _gates_in_blocks(path)
        sizes = {1, plan.micro_batch}
        by_size = {size: run(model, plan.threads, **{batch: size}) for size in sizes}
        return [_by_size(by_size)] * plan.streams, [*by_size]

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

    def runs(plan):
        streams = range(plan.streams)
        options = {
            # By itself it computes in bfloat16 where the processor has it.
            "INFERENCE_PRECISION_HINT": OF_OPENVINO[plan.precision],
            "INFERENCE_NUM_THREADS": plan.streams * plan.threads,
            "NUM_STREAMS": plan.streams,
        }
        ready = {}
        if shape[0] is None and all(shape[1:]):
            ready = {size: compiled(options, size) for size in {1, plan.micro_batch}}
        if not ready or not all(
            _repeats_itself(ready[size], size, shape, plan.streams) for size in ready
        ):
            any_size = core.compile_model(model, "CPU", options)
            return [run(any_size) for _ in streams], None
        return [_by_size({size: run(ready[size]) for size in ready}) for _ in streams], [*ready]

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
    return Opened(shape, lambda plan: ([run(plan.threads) for _ in range(plan.streams)], None))


def import_openvino():
    """OpenVINO without its report of use, which it would send unasked."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None forbids the import
    import openvino

    return openvino


@contextlib.contextmanager
def unreported() -> Iterator[None]:
    """Where others have imported OpenVINO with its report of use, its converter sends none."""
    before = os.environ.get("CI")
    # Runs of continuous integration are the one case in which it does not ask the user's home.
    os.environ["CI"] = "true"
    try:
        yield
    finally:
        if before is None:
            del os.environ["CI"]
        else:
            os.environ["CI"] = before


def check_precision(precision: Precision) -> None:
    """Refuses a precision that the processor lacks, which OpenVINO would replace by another one.

    Raises:
        UserError: saying so.
    """
    if precision == "float32":
        return
    has = import_openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if CAPABILITIES[precision] not in has:
        raise UserError(
            Argument("precision", precision), " is what this processor does not have; leave it out."
        )


RUNTIMES = {
    "saved_model": ((), _open_saved_model),
    "onnx": (("onnxruntime",), _open_onnx),
    "openvino": (("openvino",), _open_openvino),
    "litert": (("ai_edge_litert",), _open_litert),
}
