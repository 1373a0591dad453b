"""Where a network's layers attend to, over an image: soft masks and gates of places."""

import keras
import numpy as np

from ras_keras.backend.keras_graph import Graph, as_function
from ras_keras.backend.recursion import deep_graphs


class _AttentionMap(keras.layers.Layer):
    """What a layer's method `attention_map` makes of that layer's inputs: float32 (N, h, w)."""

    def __init__(self, attention: keras.layers.Layer, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.attention = attention

    def call(self, inputs):
        return self.attention.attention_map(inputs)


class AttentionMaps:
    """Computes the attention of every layer that weighs places, at once.

    Such a layer's class has a method `attention_map(inputs)`. One that gathers the whole map to a
    single place is left out.

    Args:
        model: a functional network.

    Attributes:
        names: of the layers, in the order of the network; none without such layers.
    """

    @deep_graphs()
    def __init__(self, model: keras.Model):
        function = as_function(model)
        found = [] if function is None else _maps_in(function)
        self.names = [name for name, _ in found]
        self.model = None
        if function is not None and found:
            self.model = keras.Model(function.input, [shown for _, shown in found])

    def __call__(self, images: np.ndarray) -> list[np.ndarray]:
        """Each layer's map, float32 (N, h, w), for images (N, H, W, 3)."""
        if self.model is None:
            return []
        found = self.model.predict_on_batch(images)
        return found if isinstance(found, list) else [found]


def _maps_in(model) -> list[tuple]:
    """The name of each such layer in a model, behind those of the models it is in, and its map."""
    graph, found = Graph(model), []
    for layer in graph.layers:
        inner = as_function(layer)
        for arguments in graph.arguments(layer):
            if inner is not None:
                found += _maps_of_model(layer.name, inner, arguments)
            elif callable(getattr(type(layer), "attention_map", None)):
                shown = _AttentionMap(layer)(*arguments)
                if shown.shape[1:] != (1, 1):
                    found.append((layer.name, shown))
    return found


def _maps_of_model(name, model, arguments) -> list[tuple]:
    """Those of a model that another one calls."""
    inner = _maps_in(model)
    if not inner:
        return []
    values = keras.Model(model.input, [shown for _, shown in inner])(*arguments)
    values = values if isinstance(values, list | tuple) else [values]
    return [(f"{name}/{each}", v) for (each, _), v in zip(inner, values, strict=True)]
