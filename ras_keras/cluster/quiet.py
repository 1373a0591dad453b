"""What keeps Ray from printing, from reporting, and from what belongs to the process."""

import contextlib
import os
import signal
import threading
import warnings
from collections.abc import Iterator

from ras_keras.cluster.ray_internals import without_messages

VARIABLES = {
    # Reports nothing to Ray's makers.
    "RAY_USAGE_STATS_ENABLED": "0",
    # An error of a job is raised where its result is wanted.
    "RAY_IGNORE_UNHANDLED_ERRORS": "1",
}


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Ray says nothing within; the variables that it needs and sets go at the end."""
    before = dict(os.environ)
    with without_messages(), warnings.catch_warnings():
        # Of changes to come in Ray.
        warnings.simplefilter("ignore", FutureWarning)
        # Of JAX, which has computed before Ray starts its processes: they become others at once.
        warnings.filterwarnings("ignore", r"os\.fork\(\) was called", RuntimeWarning)
        os.environ.update({**VARIABLES, **before})
        try:
            yield
        finally:
            for name in {*os.environ} - {*before}:
                if name.startswith("RAY_"):
                    del os.environ[name]


@contextlib.contextmanager
def signals_kept() -> Iterator[None]:
    """Gives signals back to whom they belong: Ray takes SIGTERM."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in before.items():
                signal.signal(number, handler)


@contextlib.contextmanager
def without_stderr() -> Iterator[None]:
    """Keeps what is written in C++ off the terminal: what Ray logs while it looks for a cluster."""
    stderr, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nothing)
