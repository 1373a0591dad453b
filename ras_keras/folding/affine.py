"""Affine maps of channels: what batch normalizations and linear gates are in inference."""

from dataclasses import dataclass

import keras
import numpy as np

from ras_keras.layers import RecurrentAttention
from ras_keras.layers.parts.transforms import Linear


@dataclass(frozen=True)
class Affine:
    """x * scale + shift, a scale and a shift for each channel; float64 of shape (C,)."""

    scale: np.ndarray
    shift: np.ndarray

    def then(self, other: "Affine") -> "Affine":
        """This map, and the other one of its result."""
        return Affine(self.scale * other.scale, self.shift * other.scale + other.shift)


def of_layer(layer: Linear | keras.layers.BatchNormalization) -> Affine:
    """What a linear transform, or a batch normalization with its moving statistics, does."""
    if isinstance(layer, Linear):
        return Affine(as_float64(layer.gamma), as_float64(layer.beta))
    scale = 1 / np.sqrt(as_float64(layer.moving_variance) + layer.epsilon)
    if layer.scale:
        scale = scale * as_float64(layer.gamma)
    shift = -as_float64(layer.moving_mean) * scale
    if layer.center:
        shift = shift + as_float64(layer.beta)
    return Affine(scale, shift)


def is_affine(layer: keras.layers.Layer | None) -> bool:
    """Whether a layer is a gate that `of_gate` takes."""
    return type(layer) is RecurrentAttention and all(
        isinstance(each, Linear | keras.layers.BatchNormalization)
        for each in map(layer.connection_before, range(layer.k))
        if each is not None
    )


def of_gate(layer: RecurrentAttention) -> Affine:
    """g^k, from the pooled vector to what the sigmoid takes, Eq. (5) of arXiv 2210.15676.

    Args:
        layer: with affine connections (`is_affine`).
    """
    (channels,) = layer.gamma.shape
    result = Affine(np.ones(channels), np.zeros(channels))
    for application in range(layer.k):
        connection = layer.connection_before(application)
        if connection is not None:
            result = result.then(of_layer(connection))
        result = result.then(of_layer(layer.transform_of(application)))
    return result


def as_float64(variable: keras.Variable) -> np.ndarray:
    """The value of a variable, in the precision that maps are put together in."""
    return keras.ops.convert_to_numpy(variable).astype("float64")
