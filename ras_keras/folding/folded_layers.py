"""What stands for a layer in a folded model: a new layer, and what fills it with weights."""

from collections.abc import Callable

import keras
import numpy as np
from keras import layers

from ras_keras.folding.affine import Affine, as_float64, is_affine, of_gate, of_layer
from ras_keras.layers import (
    BatchNormalization,
    ChannelAttention,
    ConvolutionalBlockAttention,
    GatedConvolution,
    RecurrentAttention,
    ScaleShift,
)

DEPTHWISE = (layers.DepthwiseConv1D, layers.DepthwiseConv2D)
NORMALIZATIONS = (layers.BatchNormalization, BatchNormalization)

Folded = tuple[keras.layers.Layer, Callable[[], None]]


def folded_layer(layer: keras.layers.Layer) -> Folded | None:
    """For a layer by itself; None if there is nothing in it to fold."""
    if type(layer) in NORMALIZATIONS:
        return _scale_shift(layer)
    if is_affine(layer):
        return _single_application(layer)
    if isinstance(layer, ChannelAttention) and layer.connection == "batch_norm":
        return _affine_connections(layer)
    if type(layer) is ConvolutionalBlockAttention and layer.normalize_spatial:
        return _biased_spatial_convolution(layer)
    return None


def folded_linear(layer: keras.layers.Layer, affine: Affine) -> Folded:
    """For a convolution or dense layer and the affine map of its output."""
    made = _with_config(layer, use_bias=True)
    return made, lambda: made.set_weights(_linear_weights(layer, affine))


def gated_convolution(
    convolution: layers.Conv2D, affine: Affine, gate: RecurrentAttention, activation: str | None
) -> Folded:
    """For a 1x1 convolution, the affine map of its output, the gate and what follows the sum."""
    made = GatedConvolution(
        convolution.filters,
        activation,
        divide=convolution.compute_dtype != "float16",
        data_format=convolution.data_format,
        dtype=convolution.dtype_policy,
        name=gate.name,
    )

    # The gain goes into the convolution, and out of what the gate sees of it.
    gain = np.full(convolution.filters, gate.gain)
    at_gate = Affine(1 / gain, np.zeros(convolution.filters))

    def fill():
        scaled = affine.then(Affine(gain, np.zeros(convolution.filters)))
        made.convolution.set_weights(_linear_weights(convolution, scaled))
        _set_gate(made, at_gate.then(of_gate(gate)))

    return made, fill


def _linear_weights(layer, affine):
    kernel = as_float64(layer.kernel)
    # Of a depthwise one, whose outputs are those of each channel in turn.
    outputs = kernel.shape[-2:] if type(layer) in DEPTHWISE else kernel.shape[-1:]
    bias = as_float64(layer.bias) if layer.use_bias else np.zeros(outputs).ravel()
    return [kernel * affine.scale.reshape(outputs), bias * affine.scale + affine.shift]


def _scale_shift(layer):
    fused = getattr(layer, "fused", True)
    made = ScaleShift(layer.axis, fused, name=layer.name, dtype=layer.dtype_policy)
    affine = of_layer(layer)
    return made, lambda: made.set_weights([affine.scale, affine.shift])


def _single_application(layer):
    made = _with_config(
        layer, k=1, normalize_input=False, connection=None, shared=True, shared_connection=False
    )
    return made, lambda: _set_gate(made, of_gate(layer))


def _set_gate(layer, affine):
    layer.gamma.assign(affine.scale)
    layer.beta.assign(affine.shift)


def _affine_connections(layer):
    made = _with_config(layer, connection="affine")

    def fill():
        for ours, theirs in zip(made.connections, layer.connections, strict=True):
            affine = of_layer(theirs)
            ours.set_weights([affine.scale, affine.shift])
        for ours, theirs in zip(made.transforms, layer.transforms, strict=True):
            ours.set_weights(theirs.get_weights())

    return made, fill


def _biased_spatial_convolution(layer):
    made = _with_config(layer, normalize_spatial=False)

    def fill():
        made.mlp.set_weights(layer.mlp.get_weights())
        affine = of_layer(layer.spatial_normalization)
        made.spatial_convolution.set_weights(_linear_weights(layer.spatial_convolution, affine))

    return made, fill


def _with_config(layer, **config):
    return type(layer).from_config({**layer.get_config(), **config})
