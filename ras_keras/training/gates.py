"""The gates of a network: what its attention layers multiply the channels by."""

import re
from dataclasses import dataclass
from itertools import islice

import keras
import numpy as np

from ras_keras.layers import Attention
from ras_keras.training.gate_statistics import GateStatistics

# Above this |gamma| a channel has left the saddle that gamma = 0 is.
ALIVE = 0.01


@dataclass(frozen=True)
class Place:
    """Where a gate is in its network.

    Attributes:
        layer: name of the attention layer.
        stage: counted from 1; None in a network that is not of this package.
        block: of the stage, or of the whole network where there are no stages; from 1.
    """

    layer: str
    stage: int | None
    block: int

    @property
    def title(self) -> str:
        return self.layer if self.stage is None else f"stage {self.stage}, block {self.block}"


class Gate(keras.layers.Layer):
    """An attention layer's gate as a layer: from that layer's inputs to V after 1..k applications.

    A list of (N, C), whose last one is the gate itself; of a layer without a recurrence the only
    one.
    """

    def __init__(self, attention, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.attention = attention

    def call(self, inputs):
        if hasattr(self.attention, "recurrence"):
            return self.attention.recurrence(inputs)
        return [self.attention.gate(inputs)]


class Gates:
    """Computes every gate of a network at once.

    Args:
        model: a functional network.

    Attributes:
        layers: the attention layers in the order of the blocks; one that a
            stage shares stands there once for each call.
        places: of the same gates.
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
        self.places = _places(self.layers)
        applications = [Gate(layer)(*node.arguments.args) for layer, node in calls]
        self.lengths = [len(each) for each in applications]
        self.model = None
        if calls:
            # One flat list: of one output alone Keras makes no list.
            self.model = keras.Model(model.input, [v for each in applications for v in each])

    def __call__(self, images: np.ndarray) -> list[np.ndarray]:
        """V of each call, float32 (N, C), for images (N, H, W, 3); empty without gates."""
        return [applications[-1] for applications in self.recurrence(images)]

    def recurrence(self, images: np.ndarray) -> list[list[np.ndarray]]:
        """V of each call after 1..k applications, each float32 (N, C)."""
        if self.model is None:
            return []
        found = self.model.predict_on_batch(images)
        found = iter(found if isinstance(found, list) else [found])
        return [list(islice(found, length)) for length in self.lengths]

    def rows(self, images: np.ndarray) -> list[dict]:
        """What each gate does to images: the rows of gates.csv."""
        statistics = []
        for v in self(images):
            statistics.append(GateStatistics(len(images)))
            statistics[-1].add(v)
        return self.describe(statistics)

    def describe(self, statistics: list[GateStatistics]) -> list[dict]:
        """A row of gates.csv for each call of a layer, from the statistics of its V.

        The mean, the 5th and 95th percentile over images and channels, and the spread; of a layer
        with a gamma, the share of channels in which it is farther than 0.01 from 0.
        """
        rows = []
        for layer, place, v in zip(self.layers, self.places, statistics, strict=True):
            gamma = getattr(layer, "gamma", None)
            if gamma is not None:
                gamma = float(np.mean(np.abs(keras.ops.convert_to_numpy(gamma)) > ALIVE))
            rows.append(
                {
                    "layer": place.layer,
                    "stage": place.stage,
                    "block": place.block,
                    "mean": float(v.mean.mean()),
                    "low": v.percentile(5),
                    "high": v.percentile(95),
                    "spread": v.spread,
                    "gamma_alive": gamma,
                }
            )
        return rows


def _places(layers) -> list[Place]:
    places = []
    for layer in layers:
        named = re.match(r"stage(\d+)_", layer.name)
        stage = int(named[1]) if named else None
        block = 1 + sum(place.stage == stage for place in places)
        places.append(Place(layer.name, stage, block))
    return places


def spread(gates: list[np.ndarray]) -> float:
    """The standard deviation of V across images, the mean over channels and then over gates."""
    return float(np.mean([np.std(v, axis=0).mean() for v in gates]))
