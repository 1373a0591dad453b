"""What stands behind what in a functional model."""

import keras


class Graph:
    """The calls of layers that make up a functional model.

    Args:
        model: functional; its layers may have been called elsewhere too.

    Attributes:
        layers: what is called, in the order of the model.
        tensors: what all calls return.
    """

    def __init__(self, model: keras.Model):
        nodes = [
            node for row in model._nodes_by_depth.values() for node in row if not node.is_input
        ]
        self.tensors = [tensor for node in nodes for tensor in node.output_tensors]
        self._returned = {id(tensor) for tensor in model.outputs}
        self._calls = {}
        self._readers = {}
        for node in nodes:
            self._calls.setdefault(id(node.operation), []).append(node)
            for tensor in node.input_tensors:
                self._readers.setdefault(id(tensor), []).append(node.operation)
        # As they were made: a depth alone does not order the calls of one layer.
        for operation in {id(node.operation): node.operation for node in nodes}.values():
            order = {id(node): number for number, node in enumerate(operation._inbound_nodes)}
            self._calls[id(operation)].sort(key=lambda node, order=order: order[id(node)])
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


def as_function(model) -> keras.Function | None:
    """A functional or sequential model as a function of its inputs; None of other layers."""
    if isinstance(model, keras.Sequential) and model.built:
        return keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    return model if isinstance(model, keras.Function) else None
