"""How fast networks predict and train, beside the plain network."""

import time
from collections.abc import Callable, Sequence

import keras
import numpy as np
from tqdm import tqdm

from ras_keras.benchmark.machine import machine
from ras_keras.benchmark.networks.key import network_key
from ras_keras.benchmark.spread import Spread, in_turn
from ras_keras.folding import fold
from ras_keras.recipes.data import DataRecipe
from ras_keras.recipes.recipe import Recipe
from ras_keras.training.network import compiled_network

INFERENCE, FOLDED_INFERENCE, TRAINING = "inference", "folded inference", "training"
IMAGE_SIZE = 32
WARM_UP = 2
SCATTERING_IMAGES = 16


def speed_rows(
    recipes: Sequence[Recipe],
    what: str,
    classes: int,
    rounds: int,
    steps: int,
    beside: Sequence[int],
) -> list[dict]:
    """Measures all networks in turn; a row for each, as `columns` describes it.

    Args:
        recipes: resolved.
        what: `INFERENCE`, `FOLDED_INFERENCE` or `TRAINING`.
        classes: of the classifiers.
        rounds: measurements of each network.
        steps: batches in a measurement.
        beside: the place in `recipes` of the network that each is compared with.
    """
    models = [build(recipe, classes) for recipe in tqdm(recipes, desc="building")]
    if what == FOLDED_INFERENCE:
        models = [_folded(model) for model in tqdm(models, desc="folding")]
    images, labels = synthetic_batch(recipes[0], classes)
    step_functions = {
        number: step_of(what, model, images, labels) for number, model in enumerate(models)
    }
    seconds = warm_up(step_functions)
    speeds = speeds_in_turn(step_functions, len(images), rounds, steps)
    rows = []
    for number, (recipe, model) in enumerate(zip(recipes, models, strict=True)):
        speed = speeds[number]
        rows.append(
            {"what": what}
            | network_columns(recipe, classes)
            | {
                "batch_size": recipe.optimization.batch_size,
                "jit": "on" if model.jit_compile else "off",
                "n": rounds,
                "steps": steps,
            }
            | speed.columns("images_per_second")
            | speed.over(speeds[beside[number]]).columns("ratio_to_plain")
            | {"compile_seconds": seconds[number]}
            | machine()
        )
    return rows


def build(recipe: Recipe, classes: int) -> keras.Model:
    """A recipe's network for synthetic images."""
    size = image_size(recipe.data)
    return compiled_network(recipe, input_shape=(size, size, 3), classes=classes)


def _folded(model: keras.Model) -> keras.Model:
    """A network without what folding takes out, compiled as it was."""
    folded = fold(model)
    folded.compile(jit_compile=model.jit_compile)
    return folded


def image_size(data: DataRecipe) -> int:
    return data.image_size or IMAGE_SIZE


def network_columns(recipe: Recipe, classes: int) -> dict:
    """The columns of a table that tell networks apart."""
    arguments = recipe.network.arguments()
    return {
        "network": network_key(arguments),
        "model": recipe.network.model,
        "depth": arguments.get("depth"),
        "attention": recipe.network.describe_plugs(),
        "image_size": image_size(recipe.data),
        "classes": classes,
        "precision": recipe.execution.precision,
    }


def synthetic_batch(recipe: Recipe, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, H, W, 3) of random pixels, uint8, and labels (N,); they follow the seed."""
    random = np.random.default_rng(recipe.execution.seed)
    size = image_size(recipe.data)
    images = random.integers(0, 256, (recipe.optimization.batch_size, size, size, 3), "uint8")
    return images, random.integers(0, classes, recipe.optimization.batch_size)


def scattered(recipe: Recipe, classes: int) -> keras.Model:
    """A network off its start, where scales are 1, shifts 0 and the gate of RAS is a constant.

    Every vector of weights is moved at random and the moving statistics follow a few batches, so
    that a weight in a wrong place shows, and no compiler finds a gate that it can do without.
    """
    model = build(recipe.replace(jit="off"), classes)
    random = np.random.default_rng(recipe.execution.seed)
    for variable in model.trainable_variables:
        if len(variable.shape) == 1:
            variable.assign_add(random.normal(0, 0.1, variable.shape).astype("float32"))
    images, _ = synthetic_batch(recipe, classes)
    for _ in range(3):
        model(images[:SCATTERING_IMAGES], training=True)
    return model


def step_of(what: str, model: keras.Model, images: np.ndarray, labels: np.ndarray) -> Callable:
    """What is measured of a network, on one batch."""
    if what == TRAINING:
        return training_step(model, images, labels)
    return inference_step(model, images)


def inference_step(model: keras.Model, images: np.ndarray) -> Callable[[], np.ndarray]:
    """Predicts a batch that is in memory, by the compiled function of `predict`."""
    return lambda: model.predict_on_batch(images)


def training_step(model: keras.Model, images: np.ndarray, labels: np.ndarray) -> Callable:
    """Trains on a batch that is in memory, by the compiled function of `fit`."""
    # To look at the loss is to wait for the step.
    return lambda: float(keras.ops.convert_to_numpy(model.train_on_batch(images, labels)[0]))


def warm_up(step_functions: dict[object, Callable]) -> dict[object, float]:
    """Runs every step function until it is compiled and warm.

    Args:
        step_functions: by name; each works on one batch and waits for the result.

    Returns:
        The seconds of each one's first step, which builds the graph and compiles.
    """
    seconds = {}
    for name, step in tqdm(step_functions.items(), desc="compiling"):
        began = time.perf_counter()
        step()
        seconds[name] = round(time.perf_counter() - began, 2)
        for _ in range(WARM_UP):
            step()
    return seconds


def speeds_in_turn(
    step_functions: dict[object, Callable], batch_size: int, rounds: int, steps: int
) -> dict[object, Spread]:
    """Images a second of step functions that are warm, timed in turn.

    Args:
        step_functions: by name, as `warm_up` takes them.
        batch_size: images of a batch.
        rounds: measurements of each.
        steps: batches in a measurement.
    """
    measurements = {name: timed(step, batch_size, steps) for name, step in step_functions.items()}
    return in_turn(measurements, rounds)


def timed(step: Callable, batch_size: int, steps: int) -> Callable[[], float]:
    """What runs a step so many times and returns the images a second."""

    def measure():
        began = time.perf_counter()
        for _ in range(steps):
            step()
        return steps * batch_size / (time.perf_counter() - began)

    return measure
