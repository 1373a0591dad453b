"""Folding: a trained network as one that computes the same in fewer steps."""

from collections.abc import Callable

import keras
import numpy as np
from keras import layers

from ras_keras.backend.keras_graph import Graph, as_function, is_called_as_keras_does
from ras_keras.backend.recursion import deep_graphs
from ras_keras.folding.affine import Affine, is_affine, of_layer
from ras_keras.folding.copies import copy_of, copy_state
from ras_keras.folding.folded_layers import (
    DEPTHWISE,
    NORMALIZATIONS,
    folded_layer,
    folded_linear,
    gated_convolution,
)

LINEAR = (layers.Dense, layers.Conv1D, layers.Conv2D, layers.Conv3D, *DEPTHWISE)
NO_CHANGE = Affine(np.ones(1), np.zeros(1))


@deep_graphs()
def fold(model: keras.Model) -> keras.Model:
    """A model that predicts what `model` predicts, in as few operations as can be.

    - A batch normalization behind a convolution, a depthwise or grouped one as
      well, or a dense layer goes into its kernel and bias; any other becomes a
      scale and a shift.
    - A `RecurrentAttention` whose connections are batch normalizations is, with
      fixed statistics, one affine map per channel, whatever k is, in either
      reading, shared or not: it becomes the one with k = 1 and no connection.
      In other gates the connections alone become affine.
    - Such a gate and the 1x1 convolution before it become one
      `GatedConvolution`, together with the addition of the shortcut and the
      ReLU behind them.

    Layers of other classes are copied, as saving and loading would copy them,
    and so are those that are called in an unusual way, with `training=True` for
    one. A layer that cannot be built from its config, such as a `Lambda`, is
    shared with `model`. A model within the model is folded too. Folding a folded
    model changes nothing.

    Args:
        model: functional or sequential, with Keras's own `call`; another is
            returned as it is.

    Returns:
        A functional model for inference with weights of its own, not compiled.
    """
    if not is_called_as_keras_does(model):
        return model
    function = as_function(model)
    if function is None:
        return model
    model = function
    # Without what the original was compiled with, which `clone_model` would repeat.
    model = keras.Model(model.input, model.output, name=model.name)
    folding = _Folding(Graph(model))
    folded = keras.models.clone_model(model, clone_function=folding.instead_of)
    for fill in folding.fills:
        fill()
    return folded


class _Folding:
    """What is called for each layer of a graph in the folded model.

    Attributes:
        fills: give the new layers their weights, once they have been called.
    """

    def __init__(self, graph: Graph):
        self.graph = graph
        self.fills: list[Callable[[], None]] = []
        self._instead: dict[int, Callable] = {}
        for layer in graph.layers:
            if id(layer) in self._instead or not graph.is_called_plainly(layer):
                continue
            if type(layer) in LINEAR:
                self._fold_linear(layer)
            elif folded := folded_layer(layer):
                self._put(layer, *folded)

    def instead_of(self, layer) -> Callable:
        """What is called instead of a layer: what it was folded into, or a copy."""
        if id(layer) not in self._instead:
            self._instead[id(layer)] = self._copy(layer)
        return self._instead[id(layer)]

    def _copy(self, layer):
        # The graph may hold functions of keras.ops too, which have no state.
        if not isinstance(layer, keras.layers.Layer):
            return layer
        if isinstance(layer, keras.Model) and self.graph.is_called_plainly(layer):
            folded = fold(layer)
            if folded is not layer:
                return folded
        copy = copy_of(layer)
        if copy is None:
            return layer
        self.fills.append(lambda: copy_state(layer, copy))
        return copy

    def _put(self, layer, made: Callable, fill: Callable[[], None], *absorbed):
        """Has `made` called in the place of `layer`; what was absorbed hands on its input."""
        # Arguments such as an empty mask are of the old layer.
        self._instead[id(layer)] = lambda inputs, **_: made(inputs)
        self._instead |= {id(each): _hand_on for each in absorbed}
        self.fills.append(fill)

    def _fold_linear(self, layer):
        """Folds a convolution or dense layer with what stands behind it."""
        if (
            layer.activation is not keras.activations.linear
            or layer.quantization_mode is not None
            or getattr(layer, "lora_enabled", False)
            or not self.graph.is_called_once(layer)
        ):
            return
        absorbed, affine, last = [], NO_CHANGE, layer
        normalization = self.graph.following(layer)
        if type(normalization) in NORMALIZATIONS and self._fits(layer, normalization):
            absorbed, affine, last = [normalization], of_layer(normalization), normalization
        gate = self.graph.following(last)
        if _is_pointwise(layer) and is_affine(gate) and self._fits(layer, gate):
            self._fold_gate(layer, affine, gate, [layer, *absorbed])
        elif absorbed:
            self._put(layer, *folded_linear(layer, affine), *absorbed)

    def _fits(self, layer, other) -> bool:
        """Whether both work on the same channels, in the same precision."""
        rank = len(self.graph.output(layer).shape)
        axis = 1 if getattr(layer, "data_format", None) == "channels_first" else -1
        return axis % rank == other.axis % rank and layer.compute_dtype == other.compute_dtype

    def _fold_gate(self, convolution, affine, gate, absorbed):
        """Folds a 1x1 convolution and its gate with the sum and the ReLU behind them."""
        addition = self.graph.following(gate)
        # What is added may be a gate that was folded with the addition before.
        if (
            addition is None
            or not self._is_shortcut(addition, gate)
            or id(addition) in self._instead
        ):
            self._put(gate, *gated_convolution(convolution, affine, gate, None), *absorbed)
            return
        absorbed.append(gate)
        relu, activation = self.graph.following(addition), None
        if relu is not None and _is_relu(relu) and relu.compute_dtype == addition.compute_dtype:
            absorbed.append(relu)
            activation = "relu"
        made, fill = gated_convolution(convolution, affine, gate, activation)
        branch = [tensor is self.graph.output(gate) for tensor in self.graph.inputs(addition)]

        def add(inputs):
            return made([inputs[branch.index(True)], inputs[branch.index(False)]])

        self._put(addition, add, fill, *absorbed)

    def _is_shortcut(self, layer, gate):
        if type(layer) is not layers.Add or layer.compute_dtype != gate.compute_dtype:
            return False
        shapes = [tensor.shape for tensor in self.graph.inputs(layer)]
        return len(shapes) == 2 and shapes[0] == shapes[1]


def _is_pointwise(layer) -> bool:
    if type(layer) is not layers.Conv2D:
        return False
    return {*layer.kernel_size, *layer.strides, layer.groups} == {1}


def _is_relu(layer) -> bool:
    if type(layer) is layers.Activation:
        return layer.activation is keras.activations.relu
    return type(layer) is layers.ReLU and (
        layer.max_value is None and layer.negative_slope == 0 and layer.threshold == 0
    )


def _hand_on(x, **_):
    return x
