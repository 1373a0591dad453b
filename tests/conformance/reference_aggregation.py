"""Recurrent layer aggregation (RLA) in plain numpy, at inference: a state h beside the maps.

Of a block with the input x, the residual branch f, the shortcut s and the output o:

    the first convolution takes cat(x, h), the shortcut x alone
    at stride 2, h is then pooled by the means of 2x2 pixels, of those that exist
    y = W_y (*) o, a 1x1 convolution; B(v) = tanh(BN(v)), with a BN of each block's own
    h <- W_h (*) B(h + y), a 3x3 convolution

    the head takes cat(x, relu(BN(h)))

W_y and W_h are those of the stage. Source: the released code of RLA-Net and its variant files.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from tests.conformance.reference_layers import (
    Array,
    Weights,
    batch_norm,
    conv2d,
    depthwise_conv2d,
    relu,
    scope,
    sigmoid,
)

# What y is of, where it is not the block's output.
SOURCES = {"v5": "shortcut", "v6": "shortcut"}


class Aggregation:
    """The state of a network on its way through the blocks."""

    def __init__(
        self,
        x: Array,
        weights: Weights,
        channels: int,
        variant: str = "released",
        source: str = "output",
        head_only: bool = False,
        unshared: bool = False,
        one_recurrence: bool = False,
    ):
        self.weights, self.channels, self.variant = weights, channels, variant
        self.source = SOURCES.get(variant, source)
        self.head_only, self.unshared, self.one_recurrence = head_only, unshared, one_recurrence
        self.h = self.c = np.zeros((*x.shape[:3], channels))

    def join(self, x: Array) -> Array:
        """What a block's first convolution takes."""
        return x if self.head_only else np.concatenate([x, self.h], axis=-1)

    def update(self, block: str, stride: int, **maps: Array | None) -> None:
        """Takes a block's branch, shortcut and output in."""
        if stride == 2:
            self.h, self.c = mean_pool(self.h), mean_pool(self.c)
        if not self.channels:
            return
        owner = block if self.unshared else block.partition("_")[0]
        source = maps[self.source]
        kernel = (1, 1, source.shape[-1], self.channels)
        y = conv2d(source, self.weights(f"{owner}_aggregation_out/kernel", kernel))
        name = f"{block}_aggregation_bn"

        def bounded(v: Array) -> Array:
            return np.tanh(batch_norm(v, scope(self.weights, name)))

        owner = "network" if self.one_recurrence else owner
        self._step(y, bounded, lambda part: scope(self.weights, f"{owner}_aggregation_{part}"))

    def _step(self, y: Array, bounded: Callable, part: Callable[[str], Weights]) -> None:
        if self.variant == "lstm":
            self.h, self.c = lstm(bounded(y), self.h, self.c, part("cell"))
        elif self.variant == "gru":
            self.h = gru(bounded(y), self.h, part("cell"))
        elif self.variant == "v1post":
            self.h = bounded(self._recurrent(self.h + y, part))
        elif self.variant in ("v2", "v6"):
            self.h = self._recurrent(bounded(self.h), part) + y
        else:
            self.h = self._recurrent(bounded(self.h + y), part)

    def _recurrent(self, v: Array, part: Callable[[str], Weights]) -> Array:
        k = self.channels
        if self.one_recurrence:
            return depthwise_conv2d(v, part("recurrent")("kernel", (3, 3, k, 1)))
        return conv2d(v, part("recurrent")("kernel", (3, 3, k, k)))

    def leave(self, x: Array, activation: Callable[[Array], Array] = relu) -> Array:
        """What the head takes."""
        h = self.h
        if self.channels and self.variant not in ("v1post", "lstm", "gru"):
            last = np.tanh if self.variant == "v1" else activation
            h = last(batch_norm(h, scope(self.weights, "final_aggregation_bn")))
        return np.concatenate([x, h], axis=-1)


no_aggregation = partial(Aggregation, channels=0)


def lstm(x: Array, h: Array, c: Array, weights: Weights) -> tuple[Array, Array]:
    """i, f, o, g = W (*) cat(x, h); c' = f c + i g; h' = o tanh(c'); 3x3 kernels, no bias."""
    k = h.shape[-1]
    kernel = weights("gates/kernel", (3, 3, x.shape[-1] + k, 4 * k))
    i, f, o, g = np.split(conv2d(np.concatenate([x, h], axis=-1), kernel), 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru(x: Array, h: Array, weights: Weights) -> Array:
    """r, u = W (*) cat(x, h) + b; n = V (*) cat(x, r h) + d; h' = u h + (1 - u) n; normalized."""
    k = h.shape[-1]

    def convolved(name: str, other: Array, filters: int) -> Array:
        kernel = weights(f"{name}/kernel", (3, 3, x.shape[-1] + k, filters))
        y = conv2d(np.concatenate([x, other], axis=-1), kernel)
        return y + weights(f"{name}/bias", (filters,))

    def normalized(v: Array, name: str) -> Array:
        return group_norm(v, scope(weights, f"{name}_gn"))

    reset, update = np.split(convolved("gates", h, 2 * k), 2, axis=-1)
    reset, update = sigmoid(normalized(reset, "reset")), sigmoid(normalized(update, "update"))
    candidate = np.tanh(normalized(convolved("candidate", reset * h, k), "candidate"))
    return update * h + (1 - update) * candidate


def group_norm(x: Array, weights: Weights) -> Array:
    """gamma * (x - mean) / sqrt(variance + 1e-6) + beta, over all channels and pixels."""
    axes = (1, 2, 3)
    normal = x - x.mean(axes, keepdims=True)
    normal = normal / np.sqrt(x.var(axes, keepdims=True) + 1e-6)
    return weights("gamma", x.shape[-1:]) * normal + weights("beta", x.shape[-1:])


def mean_pool(x: Array) -> Array:
    """The means of 2x2 pixels; at an odd end, of those that exist."""
    rows = [x[:, i : i + 2].mean(axis=1, keepdims=True) for i in range(0, x.shape[1], 2)]
    x = np.concatenate(rows, axis=1)
    columns = [x[:, :, i : i + 2].mean(axis=2, keepdims=True) for i in range(0, x.shape[2], 2)]
    return np.concatenate(columns, axis=2)
