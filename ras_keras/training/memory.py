"""Memory of trainings that follow each other in one process."""

import contextlib
import ctypes
import gc

import keras


@contextlib.contextmanager
def released():
    """Frees the networks and graphs that were made within, on leaving.

    Each `tf.custom_gradient` of a traced function, and Keras's training step has one, stays in
    TensorFlow's registry of gradients for good, and with it the whole graph.
    """
    from tensorflow.python.framework.ops import gradient_registry

    # TensorFlow has no public way to take an entry out.
    entries = gradient_registry._registry
    known = set(entries)
    try:
        yield
    finally:
        for name in set(entries) - known:
            if name.startswith("CustomGradient-"):
                del entries[name]
        keras.backend.clear_session()
        gc.collect()
        # Of glibc: what is free goes back to the system, where there is this function.
        with contextlib.suppress(AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
