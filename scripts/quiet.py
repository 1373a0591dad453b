"""Keeps TensorFlow's start-up messages off the terminal; imported before ras_keras.

TF_CPP_MIN_LOG_LEVEL=0 in the environment brings them back.
"""

import os
from pathlib import Path

if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") != "0":
    # What its libraries log while they are loaded heeds no level, so they are loaded here.
    stderr = os.dup(2)
    with Path(os.devnull).open("w") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        import keras  # noqa: F401
        import tensorflow  # noqa: F401
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
