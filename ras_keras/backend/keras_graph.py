"""The graph of a functional model, of which Keras publishes little: read here alone.

The names that Keras does not publish were seen in Keras 3.15.1: `_inbound_nodes` of an operation
and the nodes in it, `_keras_history` of a tensor, `_nodes_by_depth`, `_run_through_graph` and
`_flatten_layers` of a model, `_build_shapes_dict` of a layer, and `keras.src.ops`, where the
classes of operations are defined.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import keras


def calls(operation: keras.Operation) -> list:
    """The calls of an operation in all models that it stands in, in the order they were made.

    Returns:
        Nodes, with `operation`, `arguments`, `input_tensors`, `output_tensors` and `is_input`.
    """
    return operation._inbound_nodes


def all_layers(model: keras.layers.Layer) -> Iterator[keras.layers.Layer]:
    """A model or layer, the layers in it, the layers in these, and so on."""
    return model._flatten_layers()


def built_shape(layer: keras.layers.Layer):
    """The shape that a layer was built for, None where its `build` takes no `input_shape`."""
    return (getattr(layer, "_build_shapes_dict", None) or {}).get("input_shape")


def maker(tensor: keras.KerasTensor) -> keras.Operation:
    """The operation that a symbolic tensor comes from."""
    return _made_by(tensor)[0]


def sources(tensor: keras.KerasTensor) -> list[keras.KerasTensor]:
    """The tensors that a symbolic tensor was computed from."""
    return _made_by(tensor)[2].input_tensors


def _made_by(tensor):
    """The operation, the number among what it returned, and the call."""
    operation, call, number = tensor._keras_history
    return operation, number, calls(operation)[call]


def name_in_ops(operation: object) -> str | None:
    """The name of an operation of keras.ops, such as "Softmax"; None for any other."""
    kind = type(operation)
    return kind.__name__ if kind.__module__.startswith("keras.src.ops.") else None


def is_called_as_keras_does(model: keras.Model) -> bool:
    """Whether a model has Keras's own `call`, so that its graph is all it computes."""
    return type(model).call.__module__.startswith("keras.")


def is_graph(operation: object) -> bool:
    """Whether an operation is a functional or sequential model, with Keras's own `call`."""
    return (
        isinstance(operation, keras.Model)
        and is_called_as_keras_does(operation)
        and bool(getattr(operation, "outputs", None))
    )


class Graph:
    """The calls of layers that make up a functional model.

    Args:
        model: functional; its layers may have been called elsewhere too.

    Attributes:
        layers: what is called, in the order of the model.
        nodes: the calls, in the order in which the model makes them.
        tensors: what all calls return.
    """

    def __init__(self, model: keras.Model):
        by_depth = model._nodes_by_depth
        nodes = [
            node
            for depth in sorted(by_depth, reverse=True)
            for node in by_depth[depth]
            if not node.is_input
        ]
        self.nodes = nodes
        self.tensors = [tensor for node in nodes for tensor in node.output_tensors]
        self._returned = {id(tensor) for tensor in model.outputs}
        self._calls: dict[int, list] = {}
        self._readers: dict[int, list[keras.Operation]] = {}
        for node in nodes:
            self._calls.setdefault(id(node.operation), []).append(node)
            for tensor in node.input_tensors:
                self._readers.setdefault(id(tensor), []).append(node.operation)
        # As they were made: a depth alone does not order the calls of one layer.
        for operation in {id(node.operation): node.operation for node in nodes}.values():
            own = {id(node) for node in self._calls[id(operation)]}
            self._calls[id(operation)] = [node for node in calls(operation) if id(node) in own]
        self.layers = [layer for layer in model.layers if id(layer) in self._calls]

    def arguments(self, layer: keras.layers.Layer) -> list[tuple]:
        """The positional arguments of each call of a layer in this model."""
        return [node.arguments.args for node in self._calls[id(layer)]]

    def is_called_plainly(self, layer: keras.layers.Layer) -> bool:
        """Whether every call has one argument, no other such as `training=True`, and one result."""
        return all(
            len(node.arguments.args) == 1
            and len(node.output_tensors) == 1
            and all(value is None or value is False for value in node.arguments.kwargs.values())
            for node in self._calls[id(layer)]
        )

    def is_called_once(self, layer: keras.layers.Layer) -> bool:
        """Whether a layer stands in one place, and is called plainly."""
        return len(self._calls[id(layer)]) == 1 and self.is_called_plainly(layer)

    def inputs(self, layer: keras.layers.Layer) -> list[keras.KerasTensor]:
        """What the first call of a layer reads."""
        return self._calls[id(layer)][0].input_tensors

    def output(self, layer: keras.layers.Layer) -> keras.KerasTensor:
        """What the first call of a layer returns."""
        return self._calls[id(layer)][0].output_tensors[0]

    def following(self, layer: keras.layers.Layer) -> keras.layers.Layer | None:
        """The layer that alone reads what `layer` returns.

        None if several do, if the model returns it, or if one of both layers is
        called more than once.
        """
        output = self.output(layer)
        readers = self._readers.get(id(output), [])
        if len(readers) != 1 or id(output) in self._returned or not self.is_called_once(layer):
            return None
        return readers[0] if self.is_called_once(readers[0]) else None


class Ways:
    """How each tensor of a graph was computed: a set of calls, kept as the bits of an integer.

    Bit i stands for the graph's node i; an input of the graph counts as a call too.

    Args:
        graph: read.
    """

    def __init__(self, graph: Graph):
        self._of: dict[int, int] = {}
        self._inputs = len(graph.nodes)
        for number, node in enumerate(graph.nodes):
            way = 1 << number
            for tensor in node.input_tensors:
                way |= self.to(tensor)
            self._of |= {id(tensor): way for tensor in node.output_tensors}

    def to(self, tensor: keras.KerasTensor) -> int:
        """The calls that a tensor was computed by."""
        if id(tensor) not in self._of:
            self._of[id(tensor)] = 1 << self._inputs
            self._inputs += 1
        return self._of[id(tensor)]


def as_function(model: object) -> keras.Function | None:
    """A functional or sequential model as a function of its inputs; None of other layers."""
    if isinstance(model, keras.Sequential) and model.built:
        return keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    return model if isinstance(model, keras.Function) else None


@dataclass(frozen=True)
class Place:
    """A tensor of a graph, which may lie in a model that the graph calls.

    Attributes:
        tensor: symbolic.
        calls: the nodes that call the models that it lies in, the outermost one first.
    """

    tensor: keras.KerasTensor
    calls: tuple = ()

    def origin(self) -> tuple[keras.Operation, list["Place"]]:
        """The operation that the tensor comes from, never a functional model, and what it reads."""
        tensor, calls = self.tensor, self.calls
        while True:
            operation, number, node = _made_by(tensor)
            if is_graph(operation):
                tensor, calls = operation.outputs[number], (*calls, node)
            elif node.is_input and calls:
                inputs = [id(each) for each in calls[-1].operation.inputs]
                tensor = calls[-1].input_tensors[inputs.index(id(tensor))]
                calls = calls[:-1]
            else:
                return operation, [Place(each, calls) for each in node.input_tensors]


def flattened(model: keras.Model) -> keras.Model:
    """The same layers in one graph: what stands in a model within the model stands in its place.

    Args:
        model: functional.

    Returns:
        The model itself if it calls no other.
    """
    if not any(map(is_graph, model.layers)):
        return model
    inputs = [
        keras.Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=tensor.name)
        for tensor in model.inputs
    ]
    return keras.Model(inputs, _run(model, inputs), name=model.name)


def _run(model, inputs):
    # Of a sequential model too it is a functional one.
    return keras.Model(model.inputs, model.outputs)._run_through_graph(inputs, call_fn=_call)


def _call(operation, *arguments, **settings):
    plain = len(arguments) == 1 and not any(settings.values())
    if is_graph(operation) and plain:
        outputs = _run(operation, arguments[0])
        return outputs if len(outputs) > 1 else outputs[0]
    return operation(*arguments, **settings)
