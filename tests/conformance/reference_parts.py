"""What the reference networks are made of, in plain numpy: blocks around them, layers by name.

The weights of a layer have the path "<layer>/<weight>"; `weights` returns the array of a path and
shape.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.conformance.reference_aggregation import Aggregation, no_aggregation
from tests.conformance.reference_layers import (
    Array,
    Weights,
    batch_norm,
    conv2d,
    dense,
    pool,
    scope,
)

CIFAR_PIXELS = 255 * np.array([[0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.2010]])
IMAGENET_PIXELS = 255 * np.array([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]])
XCEPTION_PIXELS = 255 * np.array([[0.5] * 3, [0.5] * 3])


@dataclass(frozen=True)
class Attention:
    """A module (x, weights, state) -> (y, state) and where its weights are.

    `shared`: one unit for all blocks of a stage. `normalized`: a BN of its own in front of it.
    """

    module: Callable[[Array, Weights, Any], tuple[Array, Any]]
    shared: bool = False
    normalized: bool = False


def stateless(module: Callable[..., Array], **options) -> Attention:
    """The attention of a module without state, each block with its own weights."""
    return Attention(lambda x, weights, state: (module(x, weights, **options), state))


class Stage:
    """Names the layers of one stage and carries the state of its attention, none at its start."""

    def __init__(
        self, number: int, weights: Weights, attention: Attention | None, aggregation: Aggregation
    ):
        self.name, self.weights, self.attention = f"stage{number}", weights, attention
        self.aggregation = aggregation
        self.state = None

    def attend(self, x: Array, block: str) -> Array:
        """The attention on the residual branch of a block."""
        if self.attention is None:
            return x
        if self.attention.normalized:
            x = norm(x, f"{block}_attention", self.weights)
        owner = self.name if self.attention.shared else block
        weights = scope(self.weights, f"{owner}_attention")
        x, self.state = self.attention.module(x, weights, self.state)
        return x


Block = Callable[[Array, str, int, int, Stage], Array]


def run_stages(
    x: Array,
    block: Block,
    widths: tuple[int, ...],
    blocks: tuple[int, ...],
    weights: Weights,
    attention: Attention | None,
    aggregation: Callable[[Array, Weights], Aggregation] | None = None,
    strides: tuple[int, ...] | None = None,
) -> tuple[Array, Aggregation]:
    """The stages of these widths and numbers of blocks, and the aggregation behind the last one.

    A stage has its stride in its first block: 1 in the first stage and 2 in all others, if
    `strides` says nothing else.
    """
    carried = (aggregation or no_aggregation)(x, weights)
    strides = strides or (1,) + (2,) * (len(widths) - 1)
    for number, (width, count) in enumerate(zip(widths, blocks, strict=True), start=1):
        stage = Stage(number, weights, attention, carried)
        for index in range(1, count + 1):
            stride = strides[number - 1] if index == 1 else 1
            x = block(x, f"{stage.name}_block{index}", width, stride, stage)
    return x, carried


def normalized_pixels(images: Array, statistics: Array = CIFAR_PIXELS) -> Array:
    """(x - mean) / deviation, colour by colour."""
    mean, deviation = statistics
    return (images - mean) / deviation


def convolution(
    x: Array,
    name: str,
    filters: int,
    size: int,
    weights: Weights,
    stride: int = 1,
    groups: int = 1,
    bias: bool = False,
) -> Array:
    """The layer "<name>_conv"."""
    shape = (size, size, x.shape[-1] // groups, filters)
    y = conv2d(x, weights(f"{name}_conv/kernel", shape), stride, groups)
    return y + weights(f"{name}_conv/bias", (filters,)) if bias else y


def norm(x: Array, name: str, weights: Weights) -> Array:
    """The layer "<name>_bn"."""
    return batch_norm(x, scope(weights, f"{name}_bn"))


def max_pool(x: Array, size: int, stride: int, before: int, after: int) -> Array:
    """Maxima of size x size windows; pixels of no value stand before and after each axis."""
    padding = ((0, 0), (before, after), (before, after), (0, 0))
    padded = np.pad(x, padding, constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(1, 2))
    return windows[:, ::stride, ::stride].max(axis=(-2, -1))


def same_pool(x: Array, size: int) -> Array:
    """Max pooling at stride 2 to half the size, rounded up; of two paddings the end has more."""
    height, width = x.shape[1:3]
    assert height == width, "square maps"
    lacking = 2 * (-(-height // 2) - 1) + size - height
    return max_pool(x, size, 2, lacking // 2, lacking - lacking // 2)


def head(x: Array, classes: int, weights: Weights) -> Array:
    """softmax(W GAP(x) + b), the layer "predictions"."""
    logits = dense(pool(x), classes, scope(weights, "predictions"))
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
