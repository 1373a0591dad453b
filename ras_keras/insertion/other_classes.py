"""A trained network for other classes: its classifier is exchanged, attention may be added."""

from dataclasses import dataclass

import keras
from keras import layers

from ras_keras.backend.keras_graph import is_graph, maker, sources
from ras_keras.backend.recursion import deep_graphs
from ras_keras.insertion.add_attention import Start, with_attention
from ras_keras.insertion.residual_branches import MAP_RANK, checked_function, data_format_of
from ras_keras.layers.registry import AttentionLike
from ras_keras.models.parts.classifier import dense_classifier
from ras_keras.models.parts.starting_weights import CLASSIFIER
from ras_keras.outputs.scores import of_graph


@dataclass(frozen=True)
class NetworkForOtherClasses:
    """A network, some of whose layers were trained before.

    Attributes:
        model: functional, not compiled.
        trained: the layers that were, without their classifier; models within are taken apart.
    """

    model: keras.Model
    trained: tuple[keras.layers.Layer, ...]


@deep_graphs()
def for_other_classes(
    model: keras.Model,
    classes: int,
    attention: AttentionLike = None,
    attention_config: dict | None = None,
    where: tuple[str, ...] = (),
    start: Start = "identity",
) -> NetworkForOtherClasses:
    """A trained network with another classifier, which starts at random, and with attention.

    The layers behind the last dense one are left out with it, if what they return is scores of
    classes. A network that ends in a map, or in a vector that is none, gets a classifier, behind an
    average over the places of a map. The mean of a convolution without activation could be either,
    and is refused.

    Args:
        model: functional or sequential, of one input and one output; without attention its layers
            become those of the new one.
        classes: that the new classifier tells apart.
        attention: as `add_attention` takes it, None for none.
        attention_config: likewise.
        where: likewise; nothing for the residual branches.
        start: likewise.

    Raises:
        ValueError: for a model whose classifier is no dense layer of its own, and whatever
            `add_attention` refuses.
    """
    function = checked_function(model)
    if len(function.inputs) != 1 or len(function.outputs) != 1:
        raise ValueError(
            f"{model.name} has {len(function.inputs)} inputs and {len(function.outputs)} outputs; "
            "save a model from one image to one output."
        )
    body = keras.Model(function.inputs[0], _features(model.name, function.outputs[0]))
    if any(layer.name == CLASSIFIER for layer in body.layers):
        raise ValueError(
            f"{model.name} has a layer {CLASSIFIER!r} before its end, and the new classifier is "
            "called so; give that layer another name."
        )
    new: list = []
    if attention is not None:
        body, new = with_attention(body, attention, attention_config, [*where] or None, start)
    made_now = {id(layer) for layer in new}
    trained = tuple(layer for layer in _layers_of_graphs(body) if id(layer) not in made_now)
    x = body.output
    if len(x.shape) not in (2, MAP_RANK):
        raise ValueError(
            f"{model.name} returns {x.shape}; save a model that returns classes, a vector or a map."
        )
    if len(x.shape) == MAP_RANK:
        x = layers.GlobalAveragePooling2D(data_format=data_format_of(x))(x)
    made = keras.Model(body.input, dense_classifier(x, classes), name=model.name)
    return NetworkForOtherClasses(made, trained)


def _features(name: str, output: keras.KerasTensor) -> keras.KerasTensor:
    """What the classifier reads; the output where there is none."""
    if len(output.shape) != 2 or of_graph(output) is None:
        return output
    tensor = output
    while not isinstance(maker(tensor), layers.Dense):
        operation = maker(tensor)
        if len(sources(tensor)) != 1 or getattr(operation, "weights", None):
            raise ValueError(
                f"the classifier of {name} is no dense layer of its own but {operation.name}; save "
                "the model without it, keras.Model(model.input, model.get_layer(NAME).output)."
            )
        (tensor,) = sources(tensor)
    return sources(tensor)[0]


def _layers_of_graphs(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers of a model, those of the models within it in their place."""
    return [
        each
        for layer in model.layers
        for each in (_layers_of_graphs(layer) if is_graph(layer) else [layer])
    ]
