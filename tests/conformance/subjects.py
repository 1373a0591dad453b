"""What the conformance tests examine: small networks, filled with fixed weights."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import keras
import numpy as np
from keras import layers, ops

from ras_keras.layers.registry import make_attention
from ras_keras.models import MODELS
from ras_keras.models.parts.stages import StageAttention
from tests.conformance.fixed_weights import fixed, fixed_images
from tests.conformance.table import LAYERS, NETWORKS, Row

CHANNELS = 16


def make_layer(row: Row, **options) -> keras.layers.Layer:
    """The layer of a row's first case."""
    return make_attention(row.name, row.first | options)


def small_network(attention, config=None, size=8) -> keras.Model:
    """Two residual blocks with one attention, as a stage of a network has it."""
    attend = StageAttention(attention, config, stage=1)
    axis = 1 if keras.config.image_data_format() == "channels_first" else -1
    inputs = keras.Input((3, size, size) if axis == 1 else (size, size, 3))
    x = layers.Conv2D(CHANNELS, 3, padding="same", name="stem")(inputs)
    for block in ("block1", "block2"):
        branch = layers.Conv2D(CHANNELS, 3, padding="same", use_bias=False, name=f"{block}_conv")(x)
        branch = layers.BatchNormalization(axis=axis, name=f"{block}_bn")(branch)
        x = layers.ReLU()(attend(branch, block) + x)
    outputs = layers.Dense(4, dtype="float32", name="head")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, outputs)


def network(row: Row, case: str | None = None, **options) -> keras.Model:
    """The network of a row's first case, or of the named one, at the row's size."""
    given = row.golden[case] if case else row.first
    shape = (row.size, row.size, 3)
    return MODELS[row.name].build(**{"input_shape": shape, "classes": 10, **given, **options})


@dataclass(frozen=True)
class Subject:
    """A model that the tests make, the row that it is of, and whether it takes long."""

    row: Row
    make: Callable[[], keras.Model]
    slow: bool = False


def subjects() -> dict[str, Subject]:
    """For every row a small network with its layer, or its networks without and with aggregation.

    Of the aggregated ones that of the first row alone is quick.
    """
    found = {
        f"layer {row}": Subject(row, partial(small_network, row.name, row.first)) for row in LAYERS
    }
    for row in NETWORKS:
        found[f"network {row}"] = Subject(row, partial(network, row), row.slow)
        if row.aggregated:
            make, slow = partial(network, row, row.aggregated), row is not NETWORKS[0]
            found[f"network {row} rla"] = Subject(row, make, slow)
    return found


def images_for(model: keras.Model, count: int = 4) -> np.ndarray:
    """Fixed images of the size that a model takes, 16x16 where it takes any."""
    shape = [size or 16 for size in model.input_shape[1:]]
    images = fixed_images((count, *shape)).astype("float32")
    return images / 255 if model.output_shape[-1] == 4 else images


def fill(owner, prefix: str = "") -> None:
    """Sets every weight to the fixed value of its path."""
    for weight in owner.weights:
        path = weight.path.removeprefix(prefix)
        weight.assign(fixed(path, tuple(weight.shape)).astype("float32"))


def shapes(owner, prefix: str = "") -> dict[str, list[int]]:
    """The weights' shapes by path, as golden.json has them."""
    return {weight.path.removeprefix(prefix): list(weight.shape) for weight in owner.weights}


def numpy(tensor) -> np.ndarray:
    return ops.convert_to_numpy(ops.cast(tensor, "float32"))


def outputs(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """What a model makes of images.

    Compiled on JAX, which compiles each operation alone otherwise; TensorFlow compiles for longer
    than it computes.
    """
    if keras.backend.backend() == "jax":
        return model.predict_on_batch(images)
    return numpy(model(images))


def built(layer: keras.layers.Layer, *maps):
    """Output of a layer for maps given in succession; its state goes along."""
    state = []
    for x in maps:
        y = layer([x, *state] if state else x)
        if isinstance(y, tuple):
            y, *state = y
    return y
