"""On what something was measured, as columns of a table."""

import platform
from datetime import date
from pathlib import Path

import keras
import tensorflow as tf

from ras_keras import __version__
from ras_keras.backend import devices


def machine() -> dict[str, str | int]:
    """Hardware, versions and the date; never the name of the host.

    The version of a library that this process does not use is "".
    """
    backend = keras.backend.backend()
    return {
        "device": devices.description(),
        "processor": processor(),
        "threads": threads(),
        "backend": backend,
        "python": platform.python_version(),
        "ras_keras": __version__,
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "jax": _jax_version() if backend == "jax" else "",
        "date": date.today().isoformat(),
    }


def processor() -> str:
    """The model of the processor, as the operating system names it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def threads() -> int:
    """Threads that TensorFlow splits an operation over."""
    return tf.config.threading.get_intra_op_parallelism_threads() or devices.cores()


def use_threads(number: int) -> None:
    """Gives TensorFlow `number` threads and no GPU, before it computes anything."""
    tf.config.set_visible_devices([], "GPU")
    if number != threads():
        tf.config.threading.set_intra_op_parallelism_threads(number)
        tf.config.threading.set_inter_op_parallelism_threads(number)


def _jax_version() -> str:
    import jax

    return jax.__version__
