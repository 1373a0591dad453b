"""Commands on JAX that end when the time is up."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts"
# A program of this folder, started as quietly as a command.
QUIETLY = (
    "from ras_keras_console import prepare; prepare(); from tests.gpu_check import {0}; {0}.main()"
)
# Seconds that a command has to leave; XLA lets no signal through while it compiles.
PATIENCE = 10


class Failed(Exception):
    """A command ended with another code than 0."""


class Stopped(BaseException):
    """SIGINT or SIGTERM came."""


def module(name: str, *arguments: str) -> tuple[str, ...]:
    """The arguments of Python for a module of this folder."""
    return ("-c", QUIETLY.format(name), *arguments)


def stop_on_signals() -> None:
    """Raises `Stopped` on SIGINT and SIGTERM, so that the command under way is ended."""

    def stop(number, frame):
        raise Stopped(signal.Signals(number).name)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def run(arguments: Sequence[str], on_cpu: bool, until: float | None = None) -> None:
    """Runs Python on `arguments`; its output is this process's.

    Args:
        arguments: of Python.
        on_cpu: whatever devices there are.
        until: the moment, by `time.monotonic`, at which it is ended.

    Raises:
        Failed: if it ends with another code than 0.
        TimeoutError: if it was ended, or the moment is over.
    """
    left = None if until is None else until - time.monotonic()
    if left is not None and left <= 0:
        raise TimeoutError
    path = (str(ROOT), str(SCRIPTS), os.environ.get("PYTHONPATH", ""))
    added = {"KERAS_BACKEND": "jax", "PYTHONPATH": os.pathsep.join(filter(None, path))}
    added |= {"JAX_PLATFORMS": "cpu"} if on_cpu else {}
    process = subprocess.Popen([sys.executable, *arguments], env=os.environ | added)
    try:
        code = process.wait(left)
    except subprocess.TimeoutExpired as error:
        raise TimeoutError from error
    finally:
        _end(process)
    if code:
        raise Failed(f"exit code {code}")


def _end(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
