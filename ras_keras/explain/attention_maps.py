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
        self.names: list[str] = []
        self.model = None
        function = as_function(model)
        if function is None:
            return
        graph, outputs = Graph(function), []
        for layer in graph.layers:
            if not callable(getattr(type(layer), "attention_map", None)):
                continue
            for arguments in graph.arguments(layer):
                shown = _AttentionMap(layer)(*arguments)
                if shown.shape[1:] != (1, 1):
                    self.names.append(layer.name)
                    outputs.append(shown)
        if outputs:
            self.model = keras.Model(function.input, outputs)

    def __call__(self, images: np.ndarray) -> list[np.ndarray]:
        """Each layer's map, float32 (N, h, w), for images (N, H, W, 3)."""
        if self.model is None:
            return []
        found = self.model.predict_on_batch(images)
        return found if isinstance(found, list) else [found]
