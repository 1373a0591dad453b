"""What attention costs: parameters, operations and speed beside the plain network."""

import csv
import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path

import keras
from tqdm import tqdm

from ras_keras.layers.registry import NONE
from ras_keras.report.flops import flops
from ras_keras.report.network_key import network_key
from ras_keras.report.spread import Spread, in_turn
from ras_keras.training.network import build_network
from ras_keras.training.plan import trainable_parameters
from ras_keras.training.prepared_data import Data
from ras_keras.training.recipe import Recipe


@dataclasses.dataclass(frozen=True)
class Cost:
    """Of one network; speeds in images a second.

    Attributes:
        attention: its name.
        network: what the function that builds the network takes.
        parameters: trainable ones.
        flops: for one image in inference, a multiply-add as two.
        training: speed of training steps.
        inference: speed of prediction.
        training_ratio: to the plain network, within each round.
        inference_ratio: likewise.
    """

    attention: str
    network: dict
    parameters: int
    flops: int
    training: Spread
    inference: Spread
    training_ratio: Spread
    inference_ratio: Spread


def attention_costs(recipes: Sequence[Recipe], data: Data, rounds: int, steps: int) -> list[Cost]:
    """Builds the recipes' networks and measures all of them in turn.

    Every network trains and predicts once before anything is timed.

    Args:
        recipes: resolved; they differ in their attention, and one has none.
        data: whose images are used.
        rounds: measurements of each.
        steps: batches in a measurement.
    """
    batches = [(x.numpy(), y.numpy()) for x, y in data.batches.from_step(0).take(steps)]
    models, training, inference = {}, {}, {}
    networks = {recipe.attention: recipe.network_arguments() for recipe in recipes}
    for recipe in tqdm(recipes, desc="building"):
        name, model = recipe.attention, build_network(recipe, data)
        models[name] = model
        training[name] = lambda model=model: _speed(batches, lambda x, y: _train(model, x, y))
        inference[name] = lambda model=model: _speed(
            batches, lambda x, y: model.predict_on_batch(x)
        )
        training[name](), inference[name]()
    with tqdm(total=2 * rounds * len(models), desc="timing") as bar:
        trained = in_turn({name: _counted(f, bar) for name, f in training.items()}, rounds)
        predicted = in_turn({name: _counted(f, bar) for name, f in inference.items()}, rounds)
    return [
        Cost(
            attention=name,
            network=networks[name],
            parameters=trainable_parameters(model),
            flops=flops(model),
            training=trained[name],
            inference=predicted[name],
            training_ratio=trained[name].over(trained[NONE]),
            inference_ratio=predicted[name].over(predicted[NONE]),
        )
        for name, model in models.items()
    ]


def _train(model, images, labels):
    # To look at the loss is to wait for the step.
    keras.ops.convert_to_numpy(model.train_on_batch(images, labels)[0])


def _speed(batches, step):
    began = time.perf_counter()
    for images, labels in batches:
        step(images, labels)
    return sum(len(labels) for _, labels in batches) / (time.perf_counter() - began)


def _counted(measure, bar):
    def measured():
        value = measure()
        bar.update()
        return value

    return measured


def write_costs(path: Path, costs: Sequence[Cost], shared: dict) -> None:
    """Writes a CSV: a row for each attention, with what the networks have in common.

    Args:
        path: of the file.
        costs: the rows.
        shared: columns that all rows share, by name.
    """
    rows = []
    for cost in costs:
        row = {
            "network": network_key(cost.network),
            "attention": cost.attention,
            "parameters": cost.parameters,
            "flops": cost.flops,
        }
        for name in ("training", "inference", "training_ratio", "inference_ratio"):
            spread = getattr(cost, name)
            for value in ("median", "low", "high"):
                row[f"{name}_{value}"] = f"{getattr(spread, value):.4g}"
        rows.append(shared | row)
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
