"""Recurrent layer aggregation (RLA): a convolutional recurrence along the blocks of a network."""

from collections.abc import Callable
from typing import Literal

from keras import layers

from ras_keras.errors import ArgumentError
from ras_keras.layers.convolutional_cells import ConvolutionalGRUCell, ConvolutionalLSTMCell
from ras_keras.layers.parts.empty_state import EmptyState
from ras_keras.models.aggregation.aggregation import Aggregation
from ras_keras.models.parts.layers import (
    activation_layer,
    batch_normalize,
    channel_axis,
    convolution_layer,
)
from ras_keras.values.checks import check_at_least_one, check_one_of

MOST_CHANNELS = 1024
CELLS = {"lstm": ConvolutionalLSTMCell, "gru": ConvolutionalGRUCell}
# Of each variant: where the sum of state and map stands, what the map is (None is open), and the
# last activation of the state (None has no last normalization either).
VARIANTS = {
    "released": ("before", None, "relu"),
    "v1": ("before", None, "tanh"),
    "v1post": ("convolved", None, None),
    "v2": ("after", None, "relu"),
    "v3": ("before", "output", "relu"),
    "v4": ("after", "output", "relu"),
    "v5": ("before", "shortcut", "relu"),
    "v6": ("after", "shortcut", "relu"),
}

# Those whose map is open.
OPEN_VARIANTS = tuple(name for name, (_, source, _) in VARIANTS.items() if source is None)


class RecurrentLayerAggregation(Aggregation):
    """Recurrent layer aggregation (RLA): a state h of k channels along the blocks of a network.

        block input  cat(x, h)
        h' = W_h * tanh(BN(h + W_y * y))          by a 3x3 and a 1x1 convolution
        head input   cat(x, relu(BN(h)))

    h is 0 behind the stem. The first convolution of a block takes cat(x, h),
    its shortcut x alone. In pre-activation networks h joins behind the batch
    normalization and the ReLU (ours; the paper has none of these). Behind a block of stride 2
    h is pooled by 2x2 means over the pixels that exist. W_y and W_h are
    shared by the blocks of a stage, each block has a batch normalization of its
    own. No convolution has a bias.

    The paper takes the residual branch for y. The released ResNets add the
    shortcut in place, so that their y is the block's output, rectified:
    `update_from="output"`. Their MobileNetV2 and their unshared form take the
    branch.

    Variants, of the released code:

    - "released": as above; equal to "v3" while `update_from` is "output".
    - "v1": tanh in place of the last ReLU.
    - "v1post": h' = tanh(BN(W_h * (h + W_y * y))), and h itself in the head.
    - "v2": h' = W_h * tanh(BN(h)) + W_y * y.
    - "v3", "v4": "released" and "v2" of the block's output.
    - "v5", "v6": "released" and "v2" of the shortcut, projected if it is.

    Args:
        channels: k, an integer from 1 to 1,024.
        variant: one of those.
        update_from: y: "output" or "branch"; None is what was released, the
            branch with `shared="none"` and in MobileNetV2, else the output.
        cell: "conv" as above; "lstm" and "gru": a convolutional LSTM or GRU
            cell of tanh(BN(W_y * y)) in the place of W_h, with h itself in the head.
        head_only: whether h joins the head's input alone, not the blocks'.
        shared: "stage"; "none" for a W_y and a W_h of every block; "network"
            for one W_h of all blocks (the released MobileNetV2).
        depthwise: whether W_h is depthwise; a cell has none.

    Raises:
        ValueError: for an argument that does not fit, naming it.

    Source: arXiv 2110.11852, Eq. (10) and Fig. 2, as its authors released it.
    """

    def __init__(
        self,
        channels: int = 32,
        variant: Literal["released", "v1", "v1post", "v2", "v3", "v4", "v5", "v6"] = "released",
        update_from: Literal["output", "branch"] | None = None,
        cell: Literal["conv", "lstm", "gru"] = "conv",
        head_only: bool = False,
        shared: Literal["stage", "none", "network"] = "stage",
        depthwise: bool = False,
    ):
        self.channels = check_at_least_one("channels", channels, MOST_CHANNELS)
        check_one_of("variant", variant, (*VARIANTS,))
        check_one_of("update_from", update_from, ("output", "branch", None))
        check_one_of("cell", cell, ("conv", *CELLS))
        check_one_of("shared", shared, ("stage", "none", "network"))
        self.order, source, self.activation = VARIANTS[variant]
        for name, value in (("head_only", head_only), ("depthwise", depthwise)):
            if not isinstance(value, bool):
                raise ArgumentError.of(name, "must be True or False", value)
        if source is not None and update_from is not None and update_from != source:
            raise ArgumentError.of(
                "update_from",
                f"must be left out for {variant}, which takes the {source}",
                update_from,
            )
        if cell != "conv":
            if variant != "released":
                raise ArgumentError.of("variant", f"must be released for the cell {cell}", variant)
            if depthwise:
                raise ArgumentError.of("depthwise", f"must be False for the cell {cell}", depthwise)
            self.activation = None
        released = "branch" if shared == "none" else "output"
        self.variant, self.source = variant, source or update_from or released
        self.cell, self.head_only, self.shared = cell, head_only, shared
        self.depthwise = depthwise
        self.state: list = []
        self._layers: dict[str, layers.Layer] = {}

    def start(self, x) -> None:
        self.state = [
            EmptyState(self.channels, channel_axis(), name=f"aggregation_{name}")(x)
            for name in (("h", "c") if self.cell == "lstm" else ("h",))
        ]

    def enter(self, x, block: str):
        return x if self.head_only else _join(x, self.state[0], f"{block}_joined")

    def update(self, block: str, strides: int, *, output, branch, shortcut) -> None:
        y = {"output": output, "branch": branch, "shortcut": shortcut}[self.source]
        if y is None:
            others = ", ".join(name for name, (_, of, _) in VARIANTS.items() if of != self.source)
            raise ArgumentError.of(
                "variant", f"must be one of {others}, for {block} has no shortcut", self.variant
            )
        name = f"{block}_aggregation"
        if strides > 1:
            self.state = [
                layers.AveragePooling2D(2, padding="same", name=f"{name}_{which}_pooling")(each)
                for which, each in zip(("h", "c"), self.state, strict=False)
            ]
        y = self._layer("out", block, convolution_layer, self.channels, 1)(y)
        if self.cell == "conv":
            self.state = [self._convolved(block, y, self.state[0])]
            return
        cell = self._layer("cell", block, CELLS[self.cell], self.channels, channel_axis())
        state = cell([_bounded(y, name), *self.state])
        self.state = [*state] if self.cell == "lstm" else [state]

    def _convolved(self, block, y, h):
        """The next h."""
        recurrent = self._layer(
            "recurrent", block, convolution_layer, self.channels, 3, depthwise=self.depthwise
        )
        name = f"{block}_aggregation"
        add = layers.Add(name=f"{name}_sum")
        if self.order == "before":
            return recurrent(_bounded(add([h, y]), name))
        if self.order == "after":
            return add([recurrent(_bounded(h, name)), y])
        return _bounded(recurrent(add([h, y])), name)

    def leave(self, x, activation: str = "relu"):
        h = self.state[0]
        if self.activation is not None:
            last = activation if self.activation == "relu" else self.activation
            h = batch_normalize(h, "final_aggregation", fused=last != "tanh")
            h = activation_layer(last, f"final_aggregation_{last}")(h)
        return _join(x, h, "final_joined")

    def _layer(self, what: str, block: str, make: Callable[..., layers.Layer], *sizes, **options):
        """A layer of the block, its stage or the network, whichever shares it."""
        if self.shared == "none":
            owner = block
        elif self.shared == "network" and what != "out":
            owner = "network"
        else:
            owner = block.partition("_")[0]
        name = f"{owner}_aggregation_{what}"
        if name not in self._layers:
            self._layers[name] = make(*sizes, name=name, **options)
        return self._layers[name]


def _bounded(x, name):
    """tanh(BN(x))."""
    return layers.Activation("tanh", name=f"{name}_tanh")(batch_normalize(x, name, fused=False))


def _join(x, h, name):
    return layers.Concatenate(channel_axis(), name=name)([x, h])
