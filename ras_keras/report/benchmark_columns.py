"""The columns of the files that `scripts/benchmark.py` writes, and what each may hold."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass

from ras_keras.report.network_speed import INFERENCE, TRAINING
from ras_keras.report.spread import STATISTICS
from ras_keras.training.recipe import PRECISIONS


@dataclass(frozen=True)
class Cell:
    """What a column holds.

    Attributes:
        read: from the text of a cell; raises a ValueError for what is none.
        what: in words, for messages.
    """

    read: Callable[[str], object]
    what: str


def _count(text: str) -> int:
    if int(text) < 1:
        raise ValueError
    return int(text)


def _number(text: str) -> float:
    if not 0 <= float(text) < math.inf:
        raise ValueError
    return float(text)


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError
    return text


def _network(text: str) -> str:
    if not isinstance(json.loads(text), dict):
        raise ValueError
    return text


def _one_of(*names: str) -> Cell:
    # `tuple.index` raises a ValueError.
    return Cell(lambda text: names[names.index(text)], f"one of {', '.join(names)}")


def _or_empty(cell: Cell) -> Cell:
    return Cell(lambda text: cell.read(text) if text else None, f"{cell.what}, or empty")


COUNT = Cell(_count, "an integer >= 1")
NUMBER = Cell(_number, "a number >= 0")
TEXT = Cell(_text, "a text")
ANYTHING = Cell(str, "a text or empty")


def _spread(name: str, cell: Cell = NUMBER) -> dict[str, Cell]:
    return {f"{name}_{each}": cell for each in STATISTICS}


MACHINE = {
    "device": TEXT,
    "processor": TEXT,
    "threads": COUNT,
    "backend": TEXT,
    "python": TEXT,
    "ras_keras": TEXT,
    "keras": TEXT,
    "tensorflow": TEXT,
    "jax": ANYTHING,
    "date": TEXT,
}
NETWORK = {
    "network": Cell(_network, "a JSON object of what builds the network"),
    "model": TEXT,
    "depth": COUNT,
    "attention": TEXT,
    "image_size": COUNT,
    "classes": COUNT,
    "precision": _one_of(*PRECISIONS),
}
REPEATED = {"batch_size": COUNT, "n": COUNT, "steps": COUNT}
WHAT = {"what": _one_of(INFERENCE, TRAINING)}

COLUMNS = {
    "model": {
        **NETWORK,
        "trainable_parameters": COUNT,
        "all_parameters": COUNT,
        "flops": COUNT,
        "activation_bytes": COUNT,
        "file_bytes": COUNT,
        **MACHINE,
    },
    "speed": {
        **WHAT,
        **NETWORK,
        "jit": _one_of("on", "off"),
        **REPEATED,
        **_spread("images_per_second"),
        **_spread("ratio_to_plain"),
        "compile_seconds": NUMBER,
        **MACHINE,
    },
    "data": {
        "what": _one_of("pipeline alone", "training", "waiting for data"),
        "unit": TEXT,
        "dataset": TEXT,
        "model": TEXT,
        "depth": COUNT,
        "attention": TEXT,
        "precision": _one_of(*PRECISIONS),
        **REPEATED,
        **_spread("value"),
        **MACHINE,
    },
    "versus-pytorch": {
        **WHAT,
        "setting": TEXT,
        "framework": TEXT,
        "layout": TEXT,
        "compiler": TEXT,
        **NETWORK,
        **REPEATED,
        **_spread("images_per_second", _or_empty(NUMBER)),
        **_spread("ours_over_this", _or_empty(NUMBER)),
        "compile_seconds": _or_empty(NUMBER),
        "difference": _or_empty(NUMBER),
        "not_measured": ANYTHING,
        **MACHINE,
        "torch": TEXT,
        "omp_wait_policy": ANYTHING,
    },
}
SPREADS = ("images_per_second", "ratio_to_plain", "ours_over_this", "value")
