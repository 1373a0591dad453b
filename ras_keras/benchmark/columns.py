"""The columns of the files that `scripts/benchmark.py` writes, and what each may hold."""

from typing import Annotated, Literal

from ras_keras.benchmark.format_speed import RUNTIMES
from ras_keras.benchmark.networks.memory import MEMORY
from ras_keras.benchmark.networks.profile import BACKWARD, FORWARD, UPDATE
from ras_keras.benchmark.networks.speed import FOLDED_INFERENCE, INFERENCE, TRAINING
from ras_keras.benchmark.spread import STATISTICS
from ras_keras.recipes.execution import Precision
from ras_keras.values.json_files import parse_json
from ras_keras.values.typed import Amount, Count, Share, Text, That


def _is_network(text: str) -> bool:
    try:
        parse_json(text, dict[str, object])
    except ValueError:
        return False
    return True


def _spread(name: str, kind: type = Amount) -> dict[str, type]:
    return {f"{name}_{each}": kind for each in STATISTICS}


def _memory(what: str) -> dict[str, type]:
    return {f"{what}_peak_bytes": Count, f"{what}_ratio_to_plain": Amount}


MACHINE = {
    **{"device": Text, "processor": Text, "threads": Count, "backend": Text},
    **dict.fromkeys(("python", "ras_keras", "keras", "tensorflow"), Text),
    **{"jax": str, "date": Text},
}
NETWORK = {
    "network": Annotated[str, That(_is_network, "a JSON object of what builds the network")],
    **{"model": Text, "depth": Count | None, "attention": Text},
    **{"image_size": Count, "classes": Count, "precision": Precision},
}
REPEATED = {"batch_size": Count, "n": Count, "steps": Count}
WHAT = {"what": Literal[INFERENCE, TRAINING]}

BENCHMARK_COLUMNS = {
    "model": {
        **NETWORK,
        **dict.fromkeys(("trainable_parameters", "all_parameters", "flops"), Count),
        **{"activation_bytes": Count, "file_bytes": Count},
        **MACHINE,
    },
    "speed": {
        "what": Literal[INFERENCE, FOLDED_INFERENCE, TRAINING],
        **NETWORK,
        "jit": Literal["on", "off"],
        **REPEATED,
        **_spread("images_per_second"),
        **_spread("ratio_to_plain"),
        "compile_seconds": Amount,
        **MACHINE,
    },
    "profile": {
        **NETWORK,
        **REPEATED,
        **{"part": Text, "way": Literal[FORWARD, BACKWARD, UPDATE]},
        **_spread("milliseconds"),
        "share": Share,
        **MACHINE,
    },
    "memory": {
        **NETWORK,
        **{"batch_size": Count, "steps": Count},
        **{name: kind for what in MEMORY for name, kind in _memory(what).items()},
        **MACHINE,
    },
    "formats": {
        **NETWORK,
        **{"folded": Literal["no", "yes"], "format": Literal[*RUNTIMES], "runtime": Text},
        **{"file_bytes": Count, "difference": Amount, "streams": Count, "micro_batch": Count},
        **REPEATED,
        **_spread("images_per_second"),
        **{"calls": Count, "latency_median": Amount, "latency_p99": Amount},
        **MACHINE,
    },
    "serve": {
        **NETWORK,
        **{"runtime": Text, "clients": Count, "requests": Count, "images_per_second": Amount},
        **{"latency_median": Amount, "latency_p99": Amount},
        **MACHINE,
    },
    "data": {
        "what": Literal["pipeline alone", "training", "waiting for data"],
        **{"unit": Text, "dataset": Text},
        **{"model": Text, "depth": Count | None, "attention": Text, "precision": Precision},
        **REPEATED,
        **_spread("value"),
        **MACHINE,
    },
    "stream": {
        **{"what": Text, "files": Count, "image_size": Count},
        **REPEATED,
        **_spread("images_per_second"),
        **_spread("over_bare"),
        **MACHINE,
    },
    "start": {
        **dict.fromkeys(("files", "image_size", "batch_size"), Count),
        **{"start_seconds": Amount, "peak_bytes": Count},
        **MACHINE,
    },
    "versus-pytorch": {
        **WHAT,
        **dict.fromkeys(("setting", "ours", "framework", "layout", "compiler"), Text),
        **NETWORK,
        **REPEATED,
        **_spread("images_per_second", Amount | None),
        **_spread("ours_over_this", Amount | None),
        **{"compile_seconds": Amount | None, "difference": Amount | None, "not_measured": str},
        **MACHINE,
        **{"torch": Text, "openvino": str, "omp_wait_policy": str},
    },
}


def most_alike(header: list[str]) -> dict[str, type]:
    """The columns of the kind of file that has most of these."""
    return max(BENCHMARK_COLUMNS.values(), key=lambda columns: len({*columns} & {*header}))
