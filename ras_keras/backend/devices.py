"""The devices of this machine, on each backend."""

import contextlib
import os
from pathlib import Path

import keras

from ras_keras.text.numbers import counted

_open_scopes = contextlib.ExitStack()


def core_numbers() -> list[int] | None:
    """The cores that this process may use: a cluster, or taskset, may leave it some of them.

    None where the operating system binds no process to cores, as macOS.
    """
    import psutil

    process = psutil.Process()
    return process.cpu_affinity() if hasattr(process, "cpu_affinity") else None


def cores() -> int:
    """How many cores this process may use."""
    return len(core_numbers() or ()) or os.cpu_count() or 1


def gpus() -> list:
    """The GPUs that the backend sees."""
    if keras.backend.backend() == "jax":
        import jax

        return [device for device in jax.devices() if device.platform == "gpu"]
    if keras.backend.backend() == "torch":
        import torch

        # Keras computes on the first one.
        return [torch.device("cuda", 0)] if torch.cuda.is_available() else []
    import tensorflow as tf

    return tf.config.list_logical_devices("GPU")


def strategy():
    """All GPUs as one, on JAX those of all joined processes; None for a single device.

    A `MirroredStrategy` on TensorFlow and a `keras.distribution.DataParallel` on JAX; PyTorch has
    one device. TensorFlow, which feeds JAX and PyTorch, is kept off their memory.
    """
    import tensorflow as tf

    backend = keras.backend.backend()
    if backend != "tensorflow":
        tf.config.set_visible_devices([], "GPU")
        if backend == "torch" or keras.distribution.get_device_count() == 1:
            return None
        return keras.distribution.DataParallel(auto_shard_dataset=False)
    return tf.distribute.MirroredStrategy() if len(gpus()) > 1 else None


def leave_gpus() -> None:
    """Keeps this process off the GPUs, for others to have them; before anything is computed."""
    import tensorflow as tf

    tf.config.set_visible_devices([], "GPU")
    if keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_platforms", "cpu")
    elif keras.backend.backend() == "torch":
        # Keras chose its device when it was imported; a scope that stays open overrides it.
        _open_scopes.enter_context(keras.device("cpu:0"))


def scope(strategy):
    """The context in which a network is built and compiled for `strategy`."""
    return contextlib.nullcontext() if strategy is None else strategy.scope()


def default_precision() -> str:
    """mixed_bfloat16 on GPUs that compute in it, mixed_float16 on older ones, float32 on CPU."""
    if not gpus():
        return "float32"
    return "mixed_bfloat16" if _compute_capability() >= (8, 0) else "mixed_float16"


def _compute_capability() -> tuple[int, ...]:
    if keras.backend.backend() == "jax":
        return tuple(int(part) for part in str(gpus()[0].compute_capability).split("."))
    if keras.backend.backend() == "torch":
        import torch

        return torch.cuda.get_device_capability()
    import tensorflow as tf

    details = tf.config.experimental.get_device_details(tf.config.list_physical_devices("GPU")[0])
    # Devices that do not say are not NVIDIA's; those in use today compute in bfloat16.
    return details.get("compute_capability", (8, 0))


# Instructions that multiply matrices of bfloat16, as Linux names them.
BFLOAT16_INSTRUCTIONS = ("amx_bf16", "avx512_bf16")


def bfloat16_instruction(cpuinfo: str | Path = "/proc/cpuinfo") -> str | None:
    """By which instruction of the processor a network on it computes in bfloat16.

    Args:
        cpuinfo: the file in which Linux describes the processor.

    Returns:
        Its name; None without one, on a GPU, and where the system does not say.
    """
    if gpus():
        return None
    try:
        lines = Path(cpuinfo).read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    return next((name for name in BFLOAT16_INSTRUCTIONS if name in flags), None)


def description() -> str:
    """Such as "CPU, 2 cores" or "2 x NVIDIA H200"."""
    found = gpus()
    if not found:
        return f"CPU, {counted(cores(), 'core')}"
    if keras.backend.backend() == "jax":
        name = found[0].device_kind
    elif keras.backend.backend() == "torch":
        import torch

        name = torch.cuda.get_device_name()
    else:
        import tensorflow as tf

        physical = tf.config.list_physical_devices("GPU")[0]
        name = tf.config.experimental.get_device_details(physical).get("device_name", "GPU")
    return f"{len(found)} x {name}"
