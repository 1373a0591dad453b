"""Processes that train one run together, on one host or several: JAX's, joined at the start."""

import contextlib
import ctypes
import hashlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

import keras
import numpy as np

from ras_keras.backend.starters import COUNT, Start, find_start
from ras_keras.errors import UserError, first_line

# Seconds in which all processes have to be there.
PATIENCE = 60
# Seconds without a sign of life, after which a process counts as dead.
HEARTBEAT = 30
# Exit codes of a process that JAX ends.
NEVER_TOGETHER, LEFT_ALONE = 2, 3

T = TypeVar("T")
# The handler of SIGABRT, which C calls as long as the process lives.
_kept: list = []


@contextlib.contextmanager
def joined() -> Iterator[None]:
    """Joins the other processes of a training, if there are any; before anything is computed.

    If one of them dies, the others end within a minute, each with a line on standard error.

    Raises:
        UserError: if the backend cannot do it, or the processes do not come together.
    """
    start = find_start()
    if start is None:
        yield
        return
    _check_backend(start)
    where = f" at {start.address}" if start.address else ""
    _end_in_a_line_saying(
        f"error: the {start.count or 'other'} processes of this training did not come together"
        f"{where} within {PATIENCE} s; see that all of them were started and reach the first one.",
        NEVER_TOGETHER,
    )
    _initialize(start)
    _end_in_a_line_saying(
        f"error: another process of this training has ended, and so does process {part()[0]}; "
        "a run that has begun can be resumed.",
        LEFT_ALONE,
    )
    try:
        yield
    except (ValueError, RuntimeError):
        # Of a collective operation; who has died is known when the heartbeats stay away.
        time.sleep(HEARTBEAT + 10)
        raise


def _check_backend(start: Start) -> None:
    backend = keras.backend.backend()
    if backend == "jax":
        return
    reason = {
        "tensorflow": "Keras 3's fit does not work with TensorFlow's MultiWorkerMirroredStrategy",
        "torch": "Keras 3 has no distribution over hosts for PyTorch",
    }
    raise UserError(
        f"{start.starter} started {start.count or 'several'} processes, which cannot train "
        f"together on {backend} ({reason[backend]}); give the same command with "
        f"KERAS_BACKEND=jax, or set {COUNT}=1 for a training of each."
    )


def _initialize(start: Start) -> None:
    import jax

    # From JAX 0.12 on it is the default.
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    try:
        jax.distributed.initialize(
            start.address,
            start.count,
            start.index,
            # By default one for each process that SLURM or Open MPI starts.
            local_device_ids=[] if start.alone_on_host else None,
            cluster_detection_method=start.method,
            initialization_timeout=PATIENCE,
            heartbeat_timeout_seconds=HEARTBEAT,
            shutdown_timeout_seconds=10,
        )
    except Exception as error:
        raise UserError(
            f"the processes that {start.starter} started could not be joined "
            f"({first_line(error)}); see that the port of the first one is free, or set the "
            "variables KERAS_DISTRIBUTION_*."
        ) from error
    # On CPUs they wait for each other for 30 s at their first operation: now all of them are here.
    gathered(np.zeros(1))
    # A variable has to begin with the same values everywhere, also in a network built for a check.
    keras.utils.set_random_seed(0)


def _end_in_a_line_saying(text: str, code: int) -> None:
    """JAX aborts a process that has lost another one, from a thread of its own: with this line."""
    if os.name != "posix":
        return
    descriptor = os.dup(sys.stderr.fileno())

    def end(number):
        os.write(descriptor, f"\n{text}\n".encode())
        os._exit(code)

    _kept.append(ctypes.CFUNCTYPE(None, ctypes.c_int)(end))
    ctypes.CDLL(None).signal(int(signal.SIGABRT), _kept[-1])


def part() -> tuple[int, int]:
    """Which process this is, from 0, and of how many."""
    if keras.backend.backend() != "jax":
        return 0, 1
    import jax

    if not jax.distributed.is_initialized():
        return 0, 1
    return jax.process_index(), jax.process_count()


def is_first() -> bool:
    """Whether this process is the one that prints and writes."""
    return part()[0] == 0


def from_first(make: Callable[[], T]) -> T:
    """What the first process makes, on all of them, which wait for it.

    Args:
        make: returns what JSON can hold; called by the first process alone.
    """
    index, count = part()
    made: Any = make() if index == 0 else None
    if count == 1:
        return made
    from jax.experimental.multihost_utils import broadcast_one_to_all

    text = np.frombuffer(json.dumps(made).encode(), "uint8")
    length = int(broadcast_one_to_all(np.int32(len(text))))
    text = broadcast_one_to_all(text if index == 0 else np.zeros(length, "uint8"))
    return made if index == 0 else json.loads(bytes(np.asarray(text)))


def gathered(values: np.ndarray) -> np.ndarray:
    """The values of all processes, of the same shape in each: (processes, ...)."""
    if part()[1] == 1:
        return values[None]
    from jax.experimental.multihost_utils import process_allgather

    return np.asarray(process_allgather(values))


def check_same(what: str, text: str) -> None:
    """Refuses a process that has another text than the first.

    Raises:
        UserError: in all of them, naming those that differ.
    """
    if part()[1] == 1:
        return
    digests = gathered(_digest(text))
    differing = [str(n) for n, digest in enumerate(digests) if (digest != digests[0]).any()]
    if differing:
        raise UserError(
            f"process {', '.join(differing)} of {len(digests)} has another {what} than process 0; "
            "give all the same command, versions and data (KERAS_DISTRIBUTION_NUM_PROCESSES=1 for "
            "a training of each)."
        )


def code_digest() -> str:
    """Of the modules of this package and the versions of what it computes with."""
    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    for file in sorted(package.rglob("*.py")):
        digest.update(file.read_bytes())
    for name in ("keras", "jax", "tensorflow", "numpy"):
        # On a single process of another backend JAX need not be there.
        with contextlib.suppress(metadata.PackageNotFoundError):
            digest.update(f"{name} {metadata.version(name)}\n".encode())
    return digest.hexdigest()


def hosts() -> int:
    """On how many hosts the processes are; all of them have to ask."""
    return len(np.unique(gathered(_digest(socket.gethostname())), axis=0))


def _digest(text: str) -> np.ndarray:
    return np.frombuffer(hashlib.sha256(text.encode()).digest(), "uint8")


def leave(code: int) -> int:
    """Ends one of several processes that has failed, without waiting for the others.

    Returns:
        The code where there is but one.
    """
    if code and part()[1] > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code
