"""The operations of a functional model, those of the models within it too.

What Keras does not publish of its graphs and is read here was seen in Keras 3.15.1.
"""

from dataclasses import dataclass

import keras


def is_graph(operation) -> bool:
    """Whether an operation is a functional or sequential model, with Keras's own `call`."""
    return (
        isinstance(operation, keras.Model)
        and type(operation).call.__module__.startswith("keras.")
        and bool(getattr(operation, "outputs", None))
    )


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
            operation, index, number = tensor._keras_history
            node = operation._inbound_nodes[index]
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
