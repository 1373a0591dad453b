"""What each backend raises where memory is full."""

import tensorflow as tf

# Of JAX, which tells its errors apart by their text, and of PyTorch.
OF_JAX, OF_TORCH = ("JaxRuntimeError", "XlaRuntimeError"), "OutOfMemoryError"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that a device or the machine has no memory left, or a disk no room."""
    if isinstance(error, MemoryError | tf.errors.ResourceExhaustedError):
        return True
    name = type(error).__name__
    return name == OF_TORCH or (name in OF_JAX and "RESOURCE_EXHAUSTED" in str(error))
