"""Where every command starts: TensorFlow is loaded quietly, then the command runs.

A module of its own, because importing anything of ras_keras loads TensorFlow.
TF_CPP_MIN_LOG_LEVEL=0 in the environment brings TensorFlow's messages back.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path


def start(command: str) -> None:
    """Runs one command as `python scripts/COMMAND.py FLAGS`."""
    _load_quietly()
    from ras_keras.commands import run

    sys.exit(run(command, sys.argv[1:], f"python scripts/{command}.py"))


def main() -> None:
    """`ras-keras COMMAND FLAGS`, for those who installed the package."""
    _load_quietly()
    from ras_keras.commands import dispatch

    sys.exit(dispatch(sys.argv[1:]))


BACKENDS = ("tensorflow", "jax")


def _check_backend() -> None:
    """Refuses a backend that the package does not run on or that is not installed."""
    backend = os.environ.get("KERAS_BACKEND") or "tensorflow"
    if backend not in BACKENDS:
        problem = f"KERAS_BACKEND must be one of {', '.join(BACKENDS)}. Received: {backend!r}"
    elif find_spec(backend) is None:
        problem = f"KERAS_BACKEND={backend} needs {backend}, which is not installed: pip install it"
    else:
        return
    print(f"error: {problem}.", file=sys.stderr)
    sys.exit(2)


def _load_quietly() -> None:
    _check_backend()
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") == "0":
        return
    # What its libraries log while they are loaded heeds no level.
    stderr = os.dup(2)
    with Path(os.devnull).open("w") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        import keras  # noqa: F401
        import tensorflow
        from absl import logging
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
    logging.set_verbosity(logging.ERROR)
    tensorflow.get_logger().setLevel("ERROR")
