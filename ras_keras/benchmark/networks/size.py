"""How large networks are: parameters, operations, activations, files."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import keras
import tensorflow as tf
from tqdm import tqdm

from ras_keras.backend.keras_graph import calls
from ras_keras.benchmark.machine import machine
from ras_keras.benchmark.networks.flops import flops
from ras_keras.benchmark.networks.speed import build, network_columns
from ras_keras.recipes.recipe import Recipe
from ras_keras.training.plan import trainable_parameters


def size_rows(recipes: Sequence[Recipe], classes: int) -> list[dict]:
    """A row for each network, as `ras_keras.benchmark.columns` describes it.

    Args:
        recipes: resolved.
        classes: of the classifiers.

    Raises:
        RuntimeError: on a backend other than TensorFlow.
    """
    rows = []
    for recipe in tqdm(recipes, desc="networks"):
        model = build(recipe, classes)
        rows.append(
            network_columns(recipe, classes)
            | {
                "trainable_parameters": trainable_parameters(model),
                "all_parameters": model.count_params(),
                "flops": flops(model),
                "activation_bytes": activation_bytes(model),
                "file_bytes": file_bytes(model),
            }
            | machine()
        )
    return rows


def activation_bytes(model: keras.Model) -> int:
    """Bytes of the outputs of all layers for one image, each at its own dtype.

    A training step that keeps every layer's output for the gradient holds that
    much an image. What lies inside a layer is not counted, and a compiler may
    keep less.
    """
    outputs = {
        id(tensor): tensor
        for layer in model.layers
        for node in calls(layer)
        for tensor in node.outputs
    }
    return sum(
        tf.TensorShape(tensor.shape[1:]).num_elements() * tf.as_dtype(tensor.dtype).size
        for tensor in outputs.values()
    )


def file_bytes(model: keras.Model) -> int:
    """Bytes of the `.keras` file, without the state of an optimizer."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "model.keras")
        model.save(file, include_optimizer=False)
        return file.stat().st_size
