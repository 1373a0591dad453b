"""How fast the input pipeline is, alone and within a training."""

import time

import keras
from tqdm import tqdm

from ras_keras.benchmark.machine import machine
from ras_keras.benchmark.spread import Spread
from ras_keras.data.batches import TrainingBatches
from ras_keras.recipes.recipe import Recipe
from ras_keras.training.network import recipe_network
from ras_keras.training.prepared_data import Data

PIPELINE_IMAGES = 100_000


def data_rows(recipe: Recipe, data: Data, repeats: int, steps: int) -> list[dict]:
    """Measures the pipeline alone, then training; rows as `columns` has them.

    Args:
        recipe: resolved.
        data: the recipe's.
        repeats: measurements.
        steps: training steps in a measurement.
    """
    alone = pipeline_speed(data.batches, repeats)
    speeds, shares = training_speed(recipe, data, repeats, steps)
    percent = Spread(tuple(100 * share for share in shares.values))
    shared = {
        "dataset": recipe.data.dataset,
        "model": recipe.network.model,
        "depth": recipe.network.depth,
        "attention": recipe.network.describe_attention(),
        "precision": recipe.execution.precision,
        "batch_size": recipe.optimization.batch_size,
        "n": repeats,
        "steps": steps,
    }
    measured = {
        ("pipeline alone", "images/s"): alone,
        ("training", "images/s"): speeds,
        ("waiting for data", "% of a training step"): percent,
    }
    return [
        {"what": what, "unit": unit} | shared | spread.columns("value") | machine()
        for (what, unit), spread in measured.items()
    ]


def pipeline_speed(batches: TrainingBatches, repeats: int) -> Spread:
    """Images a second that the pipeline yields when nothing else runs."""
    steps = -(-PIPELINE_IMAGES // batches.batch_size)
    iterator = iter(batches.from_step(0))
    next(iterator)
    speeds = []
    for _ in tqdm(range(repeats), desc="pipeline alone"):
        began, images = time.perf_counter(), 0
        for _ in range(steps):
            images += len(next(iterator)[1])
        speeds.append(images / (time.perf_counter() - began))
    return Spread(tuple(speeds))


def training_speed(recipe: Recipe, data: Data, repeats: int, steps: int) -> tuple[Spread, Spread]:
    """Images a second in training, and the share of a step, 0 to 1, that waits for the batch.

    Steps are timed one by one outside `fit`: the time to get the batch, and the
    time to train on it, while the pipeline works ahead in the background.
    """
    model = recipe_network(recipe, data)
    iterator = iter(data.batches.from_step(0))
    model.train_on_batch(*next(iterator))
    speeds, shares = [], []
    for _ in tqdm(range(repeats), desc="training"):
        waited = trained = 0.0
        seen = 0
        for _ in range(steps):
            began = time.perf_counter()
            images, labels = next(iterator)
            ready = time.perf_counter()
            loss = model.train_on_batch(images, labels)
            keras.ops.convert_to_numpy(loss[0])
            waited += ready - began
            trained += time.perf_counter() - ready
            seen += len(labels)
        speeds.append(seen / (waited + trained))
        shares.append(waited / (waited + trained))
    return Spread(tuple(speeds)), Spread(tuple(shares))
