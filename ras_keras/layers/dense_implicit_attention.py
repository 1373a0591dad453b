"""The dense-and-implicit attention unit: an LSTM along the blocks of a stage."""

import keras
from keras import ops

from ras_keras.layers.attention import Attention, Tensor, cannot_start
from ras_keras.layers.parts.transforms import Bottleneck, dense, reduced, set_to_zero
from ras_keras.values.checks import MOST_APPLICATIONS, check_at_least_one, check_one_of, check_rate

ACTIVATIONS = ("sigmoid", "tanh", "relu")


@keras.saving.register_keras_serializable(package="ras_keras")
class DenseImplicitAttention(Attention):
    """Dense-and-implicit attention (DIA): one modified LSTM for all blocks of a stage.

        X'         = mean of X over height and width
        i, f, g, o = W_2 relu(W_1 X') + U_2 relu(U_1 h)
        c'         = sigmoid(f) c + sigmoid(i) tanh(g)
        h'         = sigmoid(o) a(c')
        Y          = X * h'

    W_1 and U_1 are (C/r, C), W_2 and U_2 are (4C, C/r), all with biases; a is
    the output activation. The state passes from block to block:

        y, h, c = layer(x)             at a stage's first block: h = c = 0
        y, h, c = layer([x, h, c])     at the next

    Further cells stacked on the first take its h' in place of X', through plain
    dense layers, C to 4C; the last cell's h' is the gate. The calls are
    unrolled in the network's graph.

    Trainable parameters for C channels: 2(5C(C/r) + C/r + 4C), and 8C^2 + 8C for
    each further cell.

    Args:
        reduction_ratio: r, from 1 to C; C/r is rounded down.
        activation: a, one of "sigmoid", "tanh" and "relu".
        cells: stacked, an integer from 1 to 1,000.
        dropout: of the connection between stacked cells, in [0, 1).
        data_format: "channels_last", "channels_first" or None for Keras's
            setting.
        gain: what the gate is multiplied by; 1 as published.

    Input shape: (N, H, W, C), or (N, C, H, W) with channels first; H and W may
    be unknown. In a list with the state, h and c of shape (N, cells, C).

    Output shape: a tuple of the input's and (N, cells, C) twice; the state is
    float32 under every dtype policy.

    Raises:
        ValueError: for a `reduction_ratio` that is no integer from 1 to C, an
            unknown `activation`, `cells` that are no integer from 1 to 1,000, a `dropout`
            outside of [0, 1), and as `Attention` does.

    Source: arXiv 1905.10671, Fig. 4 and Appendix C, with the biases of its
    authors' code, which has a layer each for X' and h where the paper draws one
    for both.
    """

    shared_by_stage = True
    normalizes_branch = True

    def __init__(
        self,
        reduction_ratio: int = 4,
        activation: str = "sigmoid",
        cells: int = 1,
        dropout: float = 0.1,
        **kwargs,
    ):
        # Without autocasting: under a half-precision policy it would round the state.
        super().__init__(autocast=False, **kwargs)
        self.reduction_ratio = check_at_least_one("reduction_ratio", reduction_ratio)
        check_one_of("activation", activation, ACTIVATIONS)
        self.activation = activation
        self.cells = check_at_least_one("cells", cells, MOST_APPLICATIONS)
        self.dropout = check_rate("dropout", dropout)

    def build(self, input_shape):
        channels = self.channels(_map_shape(input_shape))
        hidden = reduced(channels, self.reduction_ratio)
        self.input_layers: list[keras.layers.Layer] = []
        self.state_layers: list[keras.layers.Layer] = []
        for cell in range(self.cells):
            for layers, source in ((self.input_layers, "input"), (self.state_layers, "state")):
                name = f"cell{cell}_{source}"
                if cell == 0:
                    layer = Bottleneck(hidden, 4 * channels, name=name)
                    layer.build((None, channels))
                else:
                    layer = dense(channels, 4 * channels, name=name)
                layers.append(layer)
        self.dropouts = [
            keras.layers.Dropout(self.dropout, dtype="float32", name=f"dropout{cell}")
            for cell in range(1, self.cells)
        ]
        self.built = True

    def call(self, inputs, training=None):
        x = inputs[0] if _is_list(inputs) else inputs
        h, c = self._step(inputs, training)
        return self.scale(ops.cast(x, self.compute_dtype), h[:, -1]), h, c

    def gate(self, inputs: Tensor | list[Tensor], training: bool | None = False) -> Tensor:
        """The gate that the layer applies to a map or [map, h, c]: float32 (N, C)."""
        if not self.built:
            self.build(_shapes(inputs))
        return self._step(inputs, training)[0][:, -1]

    def _step(self, inputs, training):
        """The next h and c, each float32 of shape (N, cells, C)."""
        if _is_list(inputs):
            x, h, c = inputs
            h, c = ops.cast(h, "float32"), ops.cast(c, "float32")
            v = self.pool(x)
        else:
            v = self.pool(inputs)
            h = c = ops.zeros((ops.shape(v)[0], self.cells, v.shape[1]), "float32")
        outputs, memories = [], []
        for cell in range(self.cells):
            if cell:
                v = self.dropouts[cell - 1](v, training=training)
            gates = self.input_layers[cell](v) + self.state_layers[cell](h[:, cell])
            i, f, g, o = ops.split(gates, 4, axis=1)
            memory = ops.sigmoid(f) * c[:, cell] + ops.sigmoid(i) * ops.tanh(g)
            v = ops.sigmoid(o) * keras.activations.get(self.activation)(memory)
            outputs.append(v)
            memories.append(memory)
        return ops.stack(outputs, axis=1), ops.stack(memories, axis=1)

    def start_constant(self) -> float:
        if self.activation != "sigmoid":
            raise cannot_start(self, f"has a gate of 0 at such a start with {self.activation}")
        for layer in (self.input_layers[-1], self.state_layers[-1]):
            set_to_zero(layer.expand if isinstance(layer, Bottleneck) else layer)
        return 0.25

    def compute_output_shape(self, input_shape):
        shape = _map_shape(input_shape)
        state = (shape[0], self.cells, shape[self.axis])
        return shape, state, state

    def compute_output_spec(self, inputs, training=None):
        shapes = self.compute_output_shape(_shapes(inputs))
        dtypes = (self.compute_dtype, "float32", "float32")
        return tuple(
            keras.KerasTensor(shape, dtype) for shape, dtype in zip(shapes, dtypes, strict=True)
        )

    def get_config(self):
        return {
            **super().get_config(),
            "reduction_ratio": self.reduction_ratio,
            "activation": self.activation,
            "cells": self.cells,
            "dropout": self.dropout,
        }


def _is_list(inputs) -> bool:
    return isinstance(inputs, list | tuple)


def _shapes(inputs):
    return [x.shape for x in inputs] if _is_list(inputs) else inputs.shape


def _map_shape(shape):
    """The map's shape, of a list of shapes or of its own."""
    return tuple(shape[0]) if isinstance(shape[0], list | tuple) else tuple(shape)
