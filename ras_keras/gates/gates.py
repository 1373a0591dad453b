"""The gates of a network: what its attention layers multiply the channels by."""

import re
from dataclasses import dataclass
from itertools import islice

import keras
import numpy as np

from ras_keras.backend.keras_graph import Graph, as_function
from ras_keras.backend.recursion import deep_graphs
from ras_keras.gates.statistics import GateStatistics
from ras_keras.layers import Attention

# Above this |gamma| a channel has left the saddle that gamma = 0 is.
ALIVE = 0.01
STAGE = r"stage(\d+)_"


@dataclass(frozen=True)
class Place:
    """Where a gate is in its network.

    Attributes:
        layer: name of the attention layer, behind those of the models that it is in:
            "backbone/stage1_block1_attention"; "backbone:2" is the second call of a backbone.
        stage: counted from 1; None in a network that is not of this package.
        block: of the stage, or of the whole network where there are no stages; from 1.
    """

    layer: str
    stage: int | None
    block: int

    @property
    def title(self) -> str:
        if self.stage is None:
            return self.layer
        model = self.layer.rpartition("/")[0]
        return f"{model}{model and ', '}stage {self.stage}, block {self.block}"


class Gate(keras.layers.Layer):
    """An attention layer's gate as a layer: from that layer's inputs to V after 1..k applications.

    A list of (N, C), whose last one is the gate itself; of a layer without a recurrence the only
    one.
    """

    def __init__(self, attention, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.attention = attention

    def call(self, inputs):
        if isinstance(self.attention, Attention) and hasattr(self.attention, "recurrence"):
            return self.attention.recurrence(inputs)
        return [self.attention.gate(inputs)]


class Gates:
    """Computes every gate of a network at once, those of the models in it too.

    A gate is what a method `gate(x)` of a layer's class makes of the layer's input, if it
    is of shape (N, C).

    Args:
        model: a functional network. Calls of its layers in other models are none of its own.

    Attributes:
        layers: the attention layers in the order of the blocks; one that a
            stage shares stands there once for each call.
        places: of the same gates.
    """

    @deep_graphs()
    def __init__(self, model: keras.Model):
        found = _gates_in(model)
        self.layers = [layer for layer, _, _ in found]
        self.places = _places([name for _, name, _ in found])
        self.lengths = [len(applications) for _, _, applications in found]
        self.model = None
        function = as_function(model)
        if found and function is not None:
            # One flat list: of one output alone Keras makes no list.
            outputs = [v for _, _, applications in found for v in applications]
            self.model = keras.Model(function.input, outputs)

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


def _gates_in(model) -> list[tuple]:
    """The gated layer, its name in this model and V after 1..k applications, of each gate."""
    function = as_function(model)
    if function is None:
        return []
    graph, found = Graph(function), []
    for layer in graph.layers:
        calls = graph.arguments(layer)
        for number, arguments in enumerate(calls, 1):
            name = f"{layer.name}:{number}" if len(calls) > 1 else layer.name
            if as_function(layer) is not None:
                found += _gates_of_model(layer, name, arguments)
            elif applications := _applications(layer, arguments):
                staged = re.match(STAGE, layer.name)
                found.append((layer, layer.name if staged else name, applications))
    return found


def _gates_of_model(model, name, arguments) -> list[tuple]:
    """The gates of a model that another one calls."""
    inner, function = _gates_in(model), as_function(model)
    if not inner or function is None:
        return []
    outputs = [v for _, _, applications in inner for v in applications]
    values = keras.Model(function.input, outputs)(*arguments)
    values = iter(values if isinstance(values, list | tuple) else [values])
    return [
        (layer, f"{name}/{place}", list(islice(values, len(applications))))
        for layer, place, applications in inner
    ]


def _applications(layer, arguments) -> list:
    """V after each application in a call, empty for a layer without a gate."""
    if not callable(getattr(type(layer), "gate", None)):
        return []
    try:
        found = Gate(layer)(*arguments)
    # A layer of a user may have a `gate` of another kind.
    except Exception:
        return []
    fits = all(len(getattr(v, "shape", ())) == 2 and v.shape[1] for v in found)
    return list(found) if fits else []


def _places(names) -> list[Place]:
    places, before = [], []
    for name in names:
        model, _, layer = name.rpartition("/")
        named = re.match(STAGE, layer)
        stage = int(named[1]) if named else None
        # Without stages gates are counted through the whole network.
        kind = stage if stage is None else (model, stage)
        before.append(kind)
        places.append(Place(name, stage, before.count(kind)))
    return places


def spread(gates: list[np.ndarray]) -> float:
    """The standard deviation of V across images, the mean over channels and then over gates."""
    return float(np.mean([np.std(v, axis=0).mean() for v in gates]))
