"""What TensorFlow does not publish and the package needs; seen in TensorFlow 2.21.0."""

import contextlib
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

# Of the converter to TFLite: it writes what `quantized` reads.
CALIBRATE_ONLY = {"_experimental_calibrate_only": True}


@contextlib.contextmanager
def custom_gradients_released() -> Iterator[None]:
    """Takes the custom gradients that were registered within out again, on leaving.

    Each `tf.custom_gradient` of a traced function, and Keras's training step has one, stays in
    TensorFlow's registry of gradients for good, and with it the whole graph.
    """
    from tensorflow.python.framework.ops import gradient_registry

    entries = gradient_registry._registry
    known = set(entries)
    try:
        yield
    finally:
        for name in set(entries) - known:
            if name.startswith("CustomGradient-"):
                del entries[name]


def with_constants(function):
    """A concrete function whose variables are constants."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    return convert_variables_to_constants_v2(function)


def quantized(calibrated: bytes, left_out: Iterable[str]) -> bytes:
    """A TFLite model in int8.

    Args:
        calibrated: a model with the ranges of its tensors, as `CALIBRATE_ONLY` leaves it.
        left_out: names of tensors whose operations stay in float32.
    """
    from tensorflow.lite.python.convert import mlir_quantize

    return mlir_quantize(calibrated, denylisted_nodes=set(left_out))


@dataclass(frozen=True)
class TracedOperation:
    """An operation that TensorFlow computed.

    Attributes:
        name: with the scopes that it was made in; of one that XLA compiled that of its function.
        kind: such as "Conv2D".
        seconds: that it took.
    """

    name: str
    kind: str
    seconds: float


# Those that hold others, which are listed themselves.
HOLDERS = {"PartitionedCall", "StatefulPartitionedCall", "While", "StatelessWhile", "XlaLaunch"}


def traced(run: Callable[[], object]) -> list[TracedOperation]:
    """The operations that TensorFlow computes on the processor while `run` runs."""
    import tensorflow as tf
    from tensorflow.tsl.profiler.protobuf.xplane_pb2 import XSpace

    options = tf.profiler.experimental.ProfilerOptions(host_tracer_level=2, python_tracer_level=0)
    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder, options):
            run()
        files = Path(folder).rglob("*.xplane.pb")
        spaces = [XSpace.FromString(file.read_bytes()) for file in files]
    return [
        operation
        for space in spaces
        for plane in space.planes
        if plane.name == "/host:CPU"
        for line in plane.lines
        for event in line.events
        if (operation := _operation(plane, event)) is not None
    ]


def _operation(plane, event) -> TracedOperation | None:
    name, seconds = plane.event_metadata[event.metadata_id].name, event.duration_ps / 1e12
    for stat in event.stats:
        if plane.stat_metadata[stat.metadata_id].name == "hlo_module":
            return TracedOperation(plane.stat_metadata[stat.ref_value].name, name, seconds)
    found = re.fullmatch(r"([\w./-]+):(\w+)", name)
    if found is None or found[2] in HOLDERS:
        return None
    return TracedOperation(found[1], found[2], seconds)
