"""Our network beside the same network in PyTorch, on a CPU."""

import copy
import os
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from ras_keras.backend.imports import import_torch
from ras_keras.benchmark.machine import machine, threads, use_threads
from ras_keras.benchmark.networks.speed import (
    INFERENCE,
    TRAINING,
    build,
    inference_step,
    network_columns,
    scattered,
    synthetic_batch,
    timed,
    training_step,
    warm_up,
)
from ras_keras.benchmark.pytorch.processes import Processes
from ras_keras.benchmark.pytorch.settings import OURS, SETTINGS, Setting
from ras_keras.benchmark.pytorch.steps import COMPILE, torch_step
from ras_keras.benchmark.pytorch.twin import agree, twin
from ras_keras.benchmark.spread import STATISTICS, in_turn
from ras_keras.errors import first_line
from ras_keras.export.export import export
from ras_keras.folding import fold
from ras_keras.inference.execution_plan import ExecutionPlan
from ras_keras.inference.exported import open_exported
from ras_keras.recipes.recipe import Recipe

AGREEMENT_IMAGES = 16


def prepare(number: int) -> None:
    """Gives both frameworks `number` threads and no GPU, before either computes anything.

    PyTorch's idle threads sleep unless OMP_WAIT_POLICY says otherwise. By themselves they spin;
    as soon as another process wants a core, they then take several times as long. What earlier
    runs compiled is not taken from PyTorch's caches, so that the time to compile is one.

    Raises:
        UserError: if PyTorch is not installed.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ["TORCHINDUCTOR_FORCE_DISABLE_CACHES"] = "1"
    torch = import_torch("versus-pytorch")
    torch.set_num_threads(number)
    use_threads(number)


def versus_rows(
    recipe: Recipe,
    kinds: Sequence[str],
    settings: Sequence[str],
    classes: int,
    rounds: int,
    steps: int,
    first: str = OURS,
) -> list[dict]:
    """Times all settings in turn; a row for each, as `columns` describes it.

    Args:
        recipe: resolved, of a network that `check_twin` passed, in float32 or mixed_bfloat16.
        kinds: `INFERENCE`, `TRAINING` or both.
        settings: of `SETTINGS`; `OURS` and `first` are always among what is timed.
        classes: of the classifier.
        rounds: measurements of each setting.
        steps: batches in a measurement.
        first: of `SETTINGS`, ours that the others are set beside; in training it is `OURS`.

    Raises:
        UserError: if the outputs of the two networks differ, before anything is timed.
    """
    import torch

    full = recipe.replace(precision="float32")
    model = scattered(full, classes)
    images, _ = synthetic_batch(recipe, classes)
    network = twin(recipe.network, model, images[:AGREEMENT_IMAGES])
    chosen = {
        name: SETTINGS[name]
        for name in (OURS, first, *settings)
        if {*kinds} & {*SETTINGS[name].kinds}
    }
    plain = recipe.replace(network=recipe.network.plain())
    recipes = {name: plain if each.plain else recipe for name, each in chosen.items()}
    models = {recipe.network: model}
    if any(each.plain for each in chosen.values()) and plain.network not in models:
        models[plain.network] = scattered(plain.replace(precision="float32"), classes)
    problem = None
    if any(setting.compiler in COMPILE for setting in chosen.values()):
        problem = compile_problem()
    exported = any(setting.framework == "openvino" for setting in chosen.values())
    rows = []
    for kind in kinds:
        of_kind = {name: each for name, each in chosen.items() if kind in each.kinds}
        usable = {
            name: each
            for name, each in of_kind.items()
            if problem is None or each.compiler not in COMPILE
        }
        # Each compiled network counts against PyTorch's limit of compilations of one class.
        torch.compiler.reset()
        results = {name: [] for name in usable}
        functions, together = {}, {}
        try:
            for name, each in usable.items():
                model = models[recipes[name].network]
                step = _step(kind, each, recipes[name], model, network, classes)
                functions[name] = step
                if isinstance(step, Processes):
                    together[name] = step
            kept = {name: _kept(each, results[name]) for name, each in functions.items()}
            seconds = warm_up(kept)
            differences = {}
            for name in usable:
                expected = results[OURS]
                if recipes[name].network != recipe.network:
                    expected = [models[recipes[name].network].predict_on_batch(images)]
                differences[name] = _difference(kind, name, expected, results[name], recipe)
            speeds = in_turn(
                {name: timed(each, len(images), steps) for name, each in functions.items()}
                | {name: each.images_per_second for name, each in together.items()},
                rounds,
            )
        finally:
            for each in together.values():
                each.close()
        beside = first if kind == INFERENCE else OURS
        for name, each in of_kind.items():
            figures = dict.fromkeys(FIGURES)
            if name in usable:
                figures = (
                    speeds[name].columns("images_per_second")
                    | speeds[beside].over(speeds[name]).columns("ours_over_this")
                    | {"compile_seconds": seconds[name], "difference": differences[name]}
                )
            batch_size = together[name].batch_size if name in together else len(images)
            rows.append(
                {
                    "what": kind,
                    "setting": name,
                    "ours": beside,
                    "framework": each.framework,
                    "layout": each.layout,
                    "compiler": each.compiler,
                }
                | network_columns(recipes[name], classes)
                | {"batch_size": batch_size, "n": rounds, "steps": steps}
                | figures
                | {"not_measured": "" if name in usable else problem}
                | machine()
                | {
                    "torch": torch.__version__,
                    "openvino": version("openvino") if exported else "",
                    "omp_wait_policy": os.environ.get("OMP_WAIT_POLICY", ""),
                }
            )
    return rows


FIGURES = (
    *(f"images_per_second_{each}" for each in STATISTICS),
    *(f"ours_over_this_{each}" for each in STATISTICS),
    "compile_seconds",
    "difference",
)


def compile_problem() -> str | None:
    """Why torch.compile does not work here, None if it does."""
    import torch

    try:
        torch.compile(lambda x: torch.sin(x) + 1)(torch.zeros(64))
    except RuntimeError as error:
        return f"torch.compile fails here: {first_line(error)}"
    return None


def _step(kind: str, setting: Setting, recipe: Recipe, model, network, classes: int) -> Callable:
    """One step of a setting on the timed batch, on a copy of the network."""
    images, labels = synthetic_batch(recipe, classes)
    precision = recipe.execution.precision
    if setting.framework == "openvino":
        return _exported(fold(model), images, precision)
    if setting.framework == "tensorflow":
        ours = build(recipe.replace(jit="on" if setting.compiler == "xla" else "off"), classes)
        ours.set_weights(model.get_weights())
        if kind == INFERENCE:
            return inference_step(fold(ours) if setting.folded else ours, images)
        return training_step(ours, images, labels)
    if setting.processes:
        return Processes(threads(), network, setting, precision, images)
    optimization = recipe.optimization if kind == TRAINING else None
    network = copy.deepcopy(network)
    return torch_step(
        network, optimization, setting.layout, setting.compiler, precision, images, labels
    )


def _exported(model, images, precision) -> Callable:
    """A prediction of the batch by OpenVINO, which reads the file into memory."""
    plan = ExecutionPlan(
        threads=threads(), precision="float32" if precision == "float32" else "bfloat16"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.xml")
        export(model, path, "openvino", None)
        predict = open_exported(path, "openvino", plan).predict
    return lambda: predict(images)


def _kept(step, results):
    """The step, whose first two results are kept."""

    def run():
        result = step()
        if len(results) < 2:
            results.append(result)

    return run


def _difference(kind, name, ours, theirs, recipe: Recipe) -> float:
    """How far a setting's first results are from ours, absolute.

    In inference the probabilities of the timed batch, or of its first images; in training the loss
    after one update of the same weights on the same batch.

    Raises:
        UserError: if it cannot be the same network.
    """
    precision = recipe.execution.precision
    if kind == INFERENCE:
        expected = np.asarray(ours[0])[: len(theirs[0])]
        return agree(f"{name}: probabilities", expected, theirs[0], precision)
    agree(f"{name}: losses of the first training step", ours[0], theirs[0], precision)
    return float(f"{abs(ours[1] - theirs[1]):.2g}")
