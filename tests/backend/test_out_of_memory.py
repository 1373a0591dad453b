"""What the backends say where memory is full."""

import pytest
import tensorflow as tf

from ras_keras.backend.out_of_memory import is_out_of_memory


class JaxRuntimeError(RuntimeError):
    """Called as JAX's, which need not be installed."""


class OutOfMemoryError(RuntimeError):
    """Called as PyTorch's."""


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (MemoryError(), True),
        (tf.errors.ResourceExhaustedError(None, None, "OOM when allocating"), True),
        (JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 9 bytes"), True),
        (OutOfMemoryError("CUDA out of memory"), True),
        (JaxRuntimeError("INTERNAL: a bug"), False),
        (RuntimeError("RESOURCE_EXHAUSTED is a word"), False),
        (tf.errors.InvalidArgumentError(None, None, "shapes"), False),
    ],
)
def test_errors(error, full):
    assert is_out_of_memory(error) == full


def test_the_names_are_those_of_jax_and_pytorch():
    jax, torch = pytest.importorskip("jax"), pytest.importorskip("torch")
    assert jax.errors.JaxRuntimeError.__name__ in ("JaxRuntimeError", "XlaRuntimeError")
    assert torch.OutOfMemoryError.__name__ == "OutOfMemoryError"
