"""Recurrent attention on Keras 3."""

import importlib
import sys
from itertools import pairwise

__version__ = "0.5.0"

# Python's sign for `python -m` while it looks for the module: the package is imported before its
# __main__ can do what comes first.
if sys.argv[:1] == ["-m"] and ("-m", "ras_keras") in pairwise(sys.orig_argv):
    from ras_keras_console import prepare

    prepare(sys.argv[1:])

# All of these register what a saved model may hold.
from ras_keras import detection, layers, models, optimizers
from ras_keras.backend.recursion import deep_graphs
from ras_keras.outputs import heads as _heads  # noqa: F401
from ras_keras.saving.loading import load_model

# Loaded when they are asked for: the trainer needs TensorFlow, and one layer does not.
LAZY = ["data", "deploy", "errors", "explain", "export", "folding", "gates", "inference"]
LAZY += ["insertion", "recipes", "runs", "training", "tuning"]
LAZY_NAMES = {"GradCam": "explain", "Gates": "gates", "fold": "folding"}
LAZY_NAMES |= dict.fromkeys(("add_attention", "find_residual_branches"), "insertion")

__all__ = [
    "__version__",
    "deep_graphs",
    "detection",
    "layers",
    "load_model",
    "models",
    "optimizers",
]


def __getattr__(name: str):
    if name in LAZY:
        return importlib.import_module(f"ras_keras.{name}")
    if name in LAZY_NAMES:
        return getattr(importlib.import_module(f"ras_keras.{LAZY_NAMES[name]}"), name)
    raise AttributeError(f"module 'ras_keras' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *LAZY, *LAZY_NAMES})
