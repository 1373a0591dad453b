"""The gates of a network: what its attention layers multiply the channels by."""

import re

import keras
import numpy as np

from ras_keras.layers import Attention

# Above this |gamma| a channel has left the saddle that gamma = 0 is.
ALIVE = 0.01


class Gate(keras.layers.Layer):
    """The gate V of an attention layer, as a layer: from that layer's inputs to (N, C)."""

    def __init__(self, attention, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.attention = attention

    def call(self, inputs):
        return self.attention.gate(inputs)


class Gates:
    """Computes every gate of a network at once.

    Args:
        model: a functional network.

    Attributes:
        layers: the attention layers in the order of the blocks; one that a
            stage shares stands there once for each call.
    """

    def __init__(self, model: keras.Model):
        # A layer of the user's may have a `gate` of another kind, or be an Attention without one.
        gated = [
            layer
            for layer in model.layers
            if isinstance(layer, Attention) and hasattr(layer, "gate")
        ]
        calls = [(layer, node) for layer in gated for node in layer._inbound_nodes]
        self.layers = [layer for layer, _ in calls]
        self.model = None
        if calls:
            self.model = keras.Model(
                model.input, [Gate(layer)(*node.arguments.args) for layer, node in calls]
            )

    def __call__(self, images: np.ndarray) -> list[np.ndarray]:
        """V of each call, float32 (N, C), for images (N, H, W, 3); empty without gates."""
        if self.model is None:
            return []
        gates = self.model.predict_on_batch(images)
        return gates if isinstance(gates, list) else [gates]

    def rows(self, images: np.ndarray) -> list[dict]:
        """What each gate does to images: a row of gates.csv for each call of a layer.

        Of V: the mean, the 5th and 95th percentile over images and channels,
        and the spread; of a layer with a gamma, the share of channels in which
        it is farther than 0.01 from 0.
        """
        found = []
        for layer, v in zip(self.layers, self(images), strict=True):
            stage = int(re.search(r"stage(\d+)", layer.name)[1])
            gamma = getattr(layer, "gamma", None)
            if gamma is not None:
                gamma = float(np.mean(np.abs(keras.ops.convert_to_numpy(gamma)) > ALIVE))
            found.append(
                {
                    "layer": layer.name,
                    "stage": stage,
                    "block": 1 + sum(row["stage"] == stage for row in found),
                    "mean": float(np.mean(v)),
                    "low": float(np.quantile(v, 0.05)),
                    "high": float(np.quantile(v, 0.95)),
                    "spread": spread([v]),
                    "gamma_alive": gamma,
                }
            )
        return found


def spread(gates: list[np.ndarray]) -> float:
    """The standard deviation of V across images, the mean over channels and then over gates."""
    return float(np.mean([np.std(v, axis=0).mean() for v in gates]))
