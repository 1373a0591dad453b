"""The residual branches of a network, read from its graph."""

from collections.abc import Iterator
from dataclasses import dataclass

import keras
import numpy as np

from ras_keras.backend.keras_graph import (
    Graph,
    Ways,
    as_function,
    is_graph,
    maker,
    name_in_ops,
    sources,
)
from ras_keras.backend.recursion import deep_graphs

MAP_RANK = 4


@dataclass(frozen=True)
class ResidualAddition:
    """An addition in a network, and which of its operands is a residual branch.

    Attributes:
        name: of the layer or operation that adds, behind the models that it is in:
            "backbone/conv2_block1_add".
        shape: of what it returns.
        branch: name of the layer that the branch ends in; None where there is no branch.
        layers: with weights that stand on the branch alone.
        shortcut_layers: likewise, on the other side.
        left_out: why there is no branch, None where there is one.
        starts_at_zero: whether the branch ends in a scale of 0, through which a gate has no
            gradient until a training has moved it.
    """

    name: str
    shape: tuple[int | None, ...]
    branch: str | None = None
    layers: int = 0
    shortcut_layers: int = 0
    left_out: str | None = None
    starts_at_zero: bool = False

    def __str__(self) -> str:
        shape = "x".join("?" if size is None else str(size) for size in self.shape[1:])
        if self.left_out:
            return f"{self.name} ({shape}): left out, {self.left_out}"
        return (
            f"{self.name} ({shape}): behind {self.branch}, {self.layers} layers with weights "
            f"beside {self.shortcut_layers}"
        )


@dataclass(frozen=True)
class Place:
    """Where an addition is called in its model, for whoever changes the model.

    Attributes:
        node: of the graph, the call.
        operand: the number of the branch among the tensors that it reads.
        addition: described.
    """

    node: object
    operand: int | None
    addition: ResidualAddition


@deep_graphs()
def find_residual_branches(model: keras.Model) -> list[ResidualAddition]:
    """All additions of maps in a network, in its order; nothing is built or changed.

    The branch of an addition of two maps is the operand whose way back to what both were
    computed from holds more layers with weights, counted where they stand on its side alone.

    Args:
        model: functional or sequential; models within it are read too.

    Returns:
        Those with a branch and those left out: with as many layers on both sides, with operands
        of unequal shape, of something that is no map or of other than two tensors.

    Raises:
        ValueError: for a model that is neither functional nor sequential.
    """
    return [place.addition for _, places in places_in(model) for place in places]


def places_in(model: keras.Model, prefix: str = "") -> Iterator[tuple[keras.Model, list[Place]]]:
    """The additions of a model, and of each model in it, which comes before the one around it.

    Raises:
        ValueError: for a model that is neither functional nor sequential.
    """
    graph = Graph(checked_function(model))
    for layer in graph.layers:
        if is_graph(layer):
            yield from places_in(layer, f"{prefix}{layer.name}/")
    yield model, [*_Additions(graph, prefix)]


def checked_function(model: keras.Model) -> keras.Model:
    """The model as a functional one.

    Raises:
        ValueError: if it is neither functional nor sequential.
    """
    function = as_function(model) if isinstance(model, keras.Model) else None
    if function is None or not is_graph(model):
        raise ValueError(
            "`model` must be a functional or sequential Keras model with layers that are called: "
            "the graph of a subclassed model with a `call` of its own cannot be read. Received: "
            f"model={type(model).__name__}"
        )
    return function


def data_format_of(tensor: keras.KerasTensor) -> str:
    """That of the last layer before a map that has one; else Keras's setting."""
    tensors, seen = [tensor], set()
    while tensors:
        tensor = tensors.pop(0)
        operation = maker(tensor)
        if isinstance(found := getattr(operation, "data_format", None), str):
            return found
        if id(operation) not in seen:
            seen.add(id(operation))
            tensors += sources(tensor)
    return keras.config.image_data_format()


class _Additions:
    """The additions of one graph."""

    def __init__(self, graph: Graph, prefix: str):
        self.graph = graph
        self.prefix = prefix
        self.ways = Ways(graph)
        self.layers = [_layers_with_weights(node.operation) for node in graph.nodes]

    def __iter__(self) -> Iterator[Place]:
        return (self._place(node) for node in self.graph.nodes if _adds(node.operation))

    def _place(self, node) -> Place:
        name = self.prefix + node.operation.name
        shape = tuple(node.output_tensors[0].shape)
        left_out, own = self._why_not(node.input_tensors, shape), [0, 0]
        if left_out is None:
            one, other = map(self.ways.to, node.input_tensors)
            own = [self._count(one & ~other), self._count(other & ~one)]
            if not one & other:
                left_out = "its operands have nothing in common"
            elif own[0] == own[1]:
                left_out = f"a tie, {own[0]} layers with weights on both sides"
        if left_out is not None:
            addition = ResidualAddition(name, shape, left_out=left_out)
            return Place(node, None, addition)
        operand = int(own[1] > own[0])
        branch = node.input_tensors[operand]
        addition = ResidualAddition(
            name,
            shape,
            self.prefix + maker(branch).name,
            max(own),
            min(own),
            starts_at_zero=_ends_in_zero(branch),
        )
        return Place(node, operand, addition)

    def _count(self, way: int) -> int:
        """The layers with weights among calls."""
        return sum(count for number, count in enumerate(self.layers) if way >> number & 1)

    def _why_not(self, operands, shape) -> str | None:
        if len(operands) != 2:
            return (
                "it adds a constant" if len(operands) == 1 else f"it adds {len(operands)} tensors"
            )
        if operands[0].shape != operands[1].shape:
            return "its operands are of unequal shape"
        if len(shape) != MAP_RANK:
            return "it adds no maps"
        return None


def _layers_with_weights(operation) -> int:
    """1 or 0; of a model the number of those that are called in it."""
    if is_graph(operation):
        nodes = Graph(checked_function(operation)).nodes
        return sum(_layers_with_weights(node.operation) for node in nodes)
    return int(bool(getattr(operation, "weights", None)))


def _adds(operation) -> bool:
    return type(operation) is keras.layers.Add or name_in_ops(operation) == "Add"


def _ends_in_zero(tensor) -> bool:
    """Whether the last layer with weights before a tensor scales by 0."""
    operation = maker(tensor)
    while not getattr(operation, "weights", None):
        before = sources(tensor)
        if len(before) != 1:
            return False
        tensor = before[0]
        operation = maker(tensor)
    # That of an attention scales what its gate sees.
    gamma = None if hasattr(operation, "gate") else getattr(operation, "gamma", None)
    return gamma is not None and not np.any(keras.ops.convert_to_numpy(gamma))
