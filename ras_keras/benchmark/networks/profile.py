"""Where the time of a training step goes: by the kind of layer, forward and backward."""

import re
from collections import defaultdict
from collections.abc import Sequence

import keras
from keras import layers
from tqdm import tqdm

from ras_keras.backend.tensorflow_internals import TracedOperation, traced
from ras_keras.benchmark.machine import machine
from ras_keras.benchmark.networks.speed import (
    build,
    network_columns,
    synthetic_batch,
    training_step,
    warm_up,
)
from ras_keras.benchmark.spread import Spread
from ras_keras.recipes.recipe import Recipe

FORWARD, BACKWARD, UPDATE = "forward", "backward", "update"
ATTENTION, OTHER, OUTSIDE, WEIGHTS = "attention", "other layers", "outside of layers", "weights"
PARTS: dict[str, tuple[type[layers.Layer], ...]] = {
    "convolution": (layers.Conv2D, layers.DepthwiseConv2D, layers.ZeroPadding2D),
    "normalization": (layers.BatchNormalization,),
    "addition": (layers.Add,),
    "activation": (layers.ReLU, layers.Activation),
    "classifier": (layers.Dense,),
}
# What TensorFlow writes before the scope of an operation whose gradient this is.
OF_GRADIENT = "gradient_tape"


def profile_rows(recipes: Sequence[Recipe], classes: int, rounds: int, steps: int) -> list[dict]:
    """Traces training steps of all networks in turn; a row for each part, as `columns` has it.

    Args:
        recipes: resolved.
        classes: of the classifiers.
        rounds: traces of each network.
        steps: in a trace.
    """
    models = [build(recipe, classes) for recipe in tqdm(recipes, desc="building")]
    images, labels = synthetic_batch(recipes[0], classes)
    step_functions = dict(enumerate(training_step(model, images, labels) for model in models))
    warm_up(step_functions)
    found: list[dict] = [defaultdict(list) for _ in models]
    for number in tqdm([*range(len(models))] * rounds, desc="tracing"):

        def run(step=step_functions[number]):
            for _ in range(steps):
                step()

        of_round = seconds_of_parts(models[number], traced(run))
        for part in {*of_round, *found[number]}:
            found[number][part].append(1000 * of_round.get(part, 0.0) / steps)
    return [
        row
        for recipe, parts in zip(recipes, found, strict=True)
        for row in _rows_of(recipe, parts, classes, rounds, steps)
    ]


def _rows_of(recipe, parts, classes, rounds, steps):
    spreads = {part: Spread(tuple(values)) for part, values in parts.items()}
    whole = sum(spread.median for spread in spreads.values())
    for (part, way), spread in sorted(spreads.items(), key=lambda item: -item[1].median):
        yield (
            network_columns(recipe, classes)
            | {"batch_size": recipe.optimization.batch_size, "n": rounds, "steps": steps}
            | {"part": part, "way": way}
            | spread.columns("milliseconds")
            | {"share": float(f"{spread.median / whole:.4g}")}
            | machine()
        )


def seconds_of_parts(
    model: keras.Model, operations: Sequence[TracedOperation]
) -> dict[tuple[str, str], float]:
    """The seconds of each part of a network, forward and backward.

    Args:
        model: that was trained; a layer whose name ends in "attention" is one.
        operations: that it was trained by.

    Returns:
        From the part and the way to the seconds.
    """
    parts = {layer.name: _part_of(layer) for layer in model.layers}
    seconds: dict[tuple[str, str], float] = defaultdict(float)
    for operation in operations:
        seconds[_place_of(operation, parts, model.optimizer.name)] += operation.seconds
    return dict(seconds)


def _part_of(layer):
    if layer.name.endswith("attention"):
        return ATTENTION
    return next((part for part, kinds in PARTS.items() if isinstance(layer, kinds)), OTHER)


def _place_of(operation, parts, optimizer):
    scopes = operation.name.split("/")
    # TensorFlow numbers the scopes of a layer that is called again.
    names = [name for scope in scopes for name in (scope, re.sub(r"_\d+$", "", scope))]
    if optimizer in names:
        return WEIGHTS, UPDATE
    if operation.kind == "AddN":
        # Gradients by several ways from one map.
        return "addition", BACKWARD
    part = next((parts[name] for name in names if name in parts), OUTSIDE)
    return part, BACKWARD if OF_GRADIENT in scopes else FORWARD
