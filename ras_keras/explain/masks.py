"""The soft masks of a residual attention network, over an image."""

import keras
import numpy as np
from keras import ops

from ras_keras.backend.keras_graph import Graph, as_function
from ras_keras.backend.recursion import deep_graphs
from ras_keras.layers.soft_mask import SoftMask


class _Shown(keras.layers.Layer):
    """A mask's mean over the channels: float32 (N, H, W)."""

    def __init__(self, mask: SoftMask, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.mask = mask

    def call(self, inputs):
        return ops.mean(self.mask.mask_of(inputs[1]), axis=self.mask.axis)


class Masks:
    """Computes every soft mask of a network at once.

    Args:
        model: a functional network.

    Attributes:
        names: of the masks' layers, in the order of the network; none without masks.
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
            if isinstance(layer, SoftMask):
                self.names.append(layer.name)
                outputs += [_Shown(layer)(*arguments) for arguments in graph.arguments(layer)]
        if outputs:
            self.model = keras.Model(function.input, outputs)

    def __call__(self, images: np.ndarray) -> list[np.ndarray]:
        """The mean of each mask over its channels, float32 (N, h, w), for images (N, H, W, 3)."""
        if self.model is None:
            return []
        found = self.model.predict_on_batch(images)
        return found if isinstance(found, list) else [found]
