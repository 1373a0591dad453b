"""How large and how fast networks are in the formats that they are exported to."""

import math
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ras_keras.benchmark.machine import machine
from ras_keras.benchmark.networks.size import file_bytes
from ras_keras.benchmark.networks.speed import (
    inference_step,
    network_columns,
    scattered,
    speeds_in_turn,
    synthetic_batch,
    warm_up,
)
from ras_keras.benchmark.spread import in_turn
from ras_keras.export.export import export, size
from ras_keras.folding import fold
from ras_keras.inference.execution_plan import ExecutionPlan
from ras_keras.inference.exported import open_exported
from ras_keras.inference.formats import FORMATS, check_installed
from ras_keras.inference.runtimes import check_precision
from ras_keras.recipes.recipe import Recipe

KERAS, INT8, BFLOAT16 = "keras", "litert-int8", "openvino-bfloat16"
# What a row may be of, with the package that runs it.
RUNTIMES = {
    KERAS: "keras",
    "saved_model": "tensorflow",
    "onnx": "onnxruntime",
    "openvino": "openvino",
    BFLOAT16: "openvino",
    "litert": "ai-edge-litert",
    INT8: "ai-edge-litert",
}
FOLDED = {"no": (False,), "yes": (True,), "both": (False, True)}
# How many calls begin a block of timed ones, untimed.
AGAIN = 3


def check_formats(names: Sequence[str]) -> None:
    """Refuses formats whose packages are not there, and bfloat16 where the processor lacks it.

    Raises:
        UserError: with the command that installs them.
    """
    for name in names:
        if name != KERAS:
            check_installed(_format_of(name))
        if name == BFLOAT16:
            check_precision("bfloat16")


def format_rows(
    recipes: Sequence[Recipe],
    names: Sequence[str],
    folded: Sequence[bool],
    classes: int,
    rounds: int,
    steps: int,
    calls: int,
    plan: ExecutionPlan,
) -> list[dict]:
    """Measures all networks in all formats in turn; a row for each, as `columns` says.

    Args:
        recipes: resolved, in float32.
        names: of `RUNTIMES`.
        folded: whether the networks are as they are, folded, or each.
        classes: of the classifiers.
        rounds: measurements of each.
        steps: batches in a measurement.
        calls: with one image at least, of which the latency is the median.
        plan: how the runtimes use the cores; Keras is given whole batches.
    """
    images, _ = synthetic_batch(recipes[0], classes)
    batches, singles, described = {}, {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for recipe in tqdm(recipes, desc="exporting"):
            plain = scattered(recipe, classes)
            expected = np.asarray(plain.predict_on_batch(images))
            for fold_it in folded:
                model = fold(plain) if fold_it else plain
                for name in names:
                    key = len(described)
                    path = Path(folder, str(key))
                    file_size, predict, calls_of = _exported(model, path, name, images, plan)
                    batches[key] = lambda predict=predict: predict(images)
                    singles[key] = lambda predict=predict: predict(images[:1])
                    described[key] = network_columns(recipe, classes) | {
                        "folded": "yes" if fold_it else "no",
                        "format": name,
                        "runtime": f"{RUNTIMES[name]} {version(RUNTIMES[name])}",
                        "file_bytes": file_size,
                        "difference": float(f"{np.abs(predict(images) - expected).max():.2g}"),
                        **calls_of,
                        "batch_size": recipe.optimization.batch_size,
                        "n": rounds,
                        "steps": steps,
                    }
        warm_up(batches)
        speeds = speeds_in_turn(batches, len(images), rounds, steps)
        warm_up(singles)
        latencies = latencies_in_turn(singles, rounds, calls)
    return [
        row
        | speeds[key].columns("images_per_second")
        | {
            "calls": len(latencies[key]),
            "latency_median": float(f"{np.median(latencies[key]):.3g}"),
            "latency_p99": float(f"{np.percentile(latencies[key], 99):.3g}"),
        }
        | machine()
        for key, row in described.items()
    ]


def latencies_in_turn(
    step_functions: dict[object, Callable], rounds: int, calls: int
) -> dict[object, list[float]]:
    """Milliseconds of single calls that are warm, timed in blocks that take turns.

    Args:
        step_functions: by name, as `warm_up` takes them.
        rounds: blocks of each.
        calls: of each at least, over all blocks.
    """
    found = {name: [] for name in step_functions}

    def block(name, step):
        def measure():
            for _ in range(AGAIN):
                step()
            for _ in range(math.ceil(calls / rounds)):
                began = time.perf_counter()
                step()
                found[name].append(1000 * (time.perf_counter() - began))
            return found[name][-1]

        return measure

    in_turn({name: block(name, step) for name, step in step_functions.items()}, rounds)
    return found


def _format_of(name: str) -> str:
    return name.removesuffix("-int8").removesuffix("-bfloat16")


def _exported(model, path, name, images, plan) -> tuple[int, Callable, dict[str, int]]:
    """Bytes of a network's file, what predicts by it, and the columns of its calls."""
    if name == KERAS:
        whole = {"streams": 1, "micro_batch": len(images)}
        return file_bytes(model), lambda batch: inference_step(model, batch)(), whole
    kind = _format_of(name)
    path = path.with_name(f"{path.name}{FORMATS[kind].ending}")
    export(model, path, kind, None, images if name == INT8 else None)
    exported = open_exported(
        path, kind, replace(plan, precision="bfloat16" if name == BFLOAT16 else "float32")
    )
    calls = {"streams": exported.streams, "micro_batch": exported.micro_batch}
    return size(path, kind), exported.predict, calls
