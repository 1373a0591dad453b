"""What TensorFlow does not publish and the package needs; seen in TensorFlow 2.21.0."""

import contextlib
from collections.abc import Iterable, Iterator

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
