"""The columns of the files that `scripts/benchmark.py` writes, and what each may hold."""

import json

from ras_keras.csv_files import ANYTHING, COUNT, NUMBER, TEXT, Cell, one_of, or_empty
from ras_keras.report.format_speed import RUNTIMES
from ras_keras.report.network_speed import INFERENCE, TRAINING
from ras_keras.report.spread import STATISTICS
from ras_keras.training.recipe import PRECISIONS


def _network(text: str) -> str:
    if not isinstance(json.loads(text), dict):
        raise ValueError
    return text


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
    "precision": one_of(*PRECISIONS),
}
REPEATED = {"batch_size": COUNT, "n": COUNT, "steps": COUNT}
WHAT = {"what": one_of(INFERENCE, TRAINING)}

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
        "jit": one_of("on", "off"),
        **REPEATED,
        **_spread("images_per_second"),
        **_spread("ratio_to_plain"),
        "compile_seconds": NUMBER,
        **MACHINE,
    },
    "formats": {
        **NETWORK,
        "folded": one_of("no", "yes"),
        "format": one_of(*RUNTIMES),
        "runtime": TEXT,
        "file_bytes": COUNT,
        "difference": NUMBER,
        **REPEATED,
        **_spread("images_per_second"),
        "calls": COUNT,
        "latency_median": NUMBER,
        "latency_p99": NUMBER,
        **MACHINE,
    },
    "data": {
        "what": one_of("pipeline alone", "training", "waiting for data"),
        "unit": TEXT,
        "dataset": TEXT,
        "model": TEXT,
        "depth": COUNT,
        "attention": TEXT,
        "precision": one_of(*PRECISIONS),
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
        **_spread("images_per_second", or_empty(NUMBER)),
        **_spread("ours_over_this", or_empty(NUMBER)),
        "compile_seconds": or_empty(NUMBER),
        "difference": or_empty(NUMBER),
        "not_measured": ANYTHING,
        **MACHINE,
        "torch": TEXT,
        "omp_wait_policy": ANYTHING,
    },
}
SPREADS = ("images_per_second", "ratio_to_plain", "ours_over_this", "value")
