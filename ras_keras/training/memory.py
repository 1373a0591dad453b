"""Memory: what a process took at most, and what a training gives back."""

import contextlib
import ctypes
import gc
from pathlib import Path

import keras
import psutil

from ras_keras.backend.tensorflow_internals import custom_gradients_released


@contextlib.contextmanager
def released():
    """Frees the networks and graphs that were made within, on leaving."""
    try:
        with custom_gradients_released():
            yield
    finally:
        keras.backend.clear_session()
        gc.collect()
        _give_back()


def _give_back():
    """Gives what is free back to the system, where the C library is glibc."""
    if psutil.LINUX:
        with contextlib.suppress(AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def peak_memory() -> int:
    """The most bytes that this process has held in memory at any time."""
    if psutil.LINUX:
        # What `getrusage` says there begins with the peak of the process that started this one.
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        return 1024 * int(status.partition("VmHWM:")[2].split()[0])
    used = psutil.Process().memory_info()
    try:
        import resource
    except ImportError:
        return used.peak_wset  # type: ignore[attr-defined]  # of Windows alone
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
