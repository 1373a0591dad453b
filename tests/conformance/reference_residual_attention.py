"""Residual attention networks in plain numpy: the paper's, and the wide public one.

Sources: the deploy files of the authors of arXiv 1704.06904, and its sec. 3.2 for the masks; the
public Keras implementation for the wide one, with bilinear in place of nearest resizing.
"""

import numpy as np

from tests.conformance.reference_layers import Array, Weights, relu, sigmoid
from tests.conformance.reference_parts import (
    IMAGENET_PIXELS,
    convolution,
    head,
    norm,
    normalized_pixels,
    same_pool,
)


def per_position(v: Array) -> Array:
    """v / ||v||, over the channels of a pixel."""
    return v / np.sqrt((v**2).sum(axis=-1, keepdims=True))


def per_channel(v: Array) -> Array:
    """sigmoid((v - mean) / deviation), over the pixels of a channel."""
    return sigmoid((v - v.mean((1, 2), keepdims=True)) / v.std((1, 2), keepdims=True))


MASKS = {"mixed": sigmoid, "channel": per_position, "spatial": per_channel}


def residual_attention(
    images: Array, weights: Weights, classes: int = 10, naive: bool = False, mask: str = "mixed"
) -> Array:
    """Attention-56 for CIFAR: 3x3 stem; unit, module, unit at 64, 128 and 256 channels."""
    x = convolution(normalized_pixels(images), "stem", 16, 3, weights)
    x = relu(norm(x, "stem", weights))
    for stage, (channels, depth) in enumerate([(64, 3), (128, 2), (256, 1)], start=1):
        x = unit(x, f"stage{stage}_first", channels, weights, 1 if stage == 1 else 2)
        x = module(x, f"stage{stage}_module1", depth, weights, naive, mask)
        x = unit(x, f"stage{stage}_last", channels, weights)
    return head(relu(norm(x, "final", weights)), classes, weights)


def imagenet_residual_attention(images: Array, weights: Weights, classes: int = 10) -> Array:
    """Attention-56 as deployed: unit and module at 256, 512 and 1,024 channels, three units."""
    x = convolution(normalized_pixels(images, IMAGENET_PIXELS), "stem", 64, 7, weights, 2)
    x = same_pool(relu(norm(x, "stem", weights)), 3)
    for stage, (channels, depth) in enumerate([(256, 3), (512, 2), (1024, 1)], start=1):
        x = unit(x, f"stage{stage}_first", channels, weights, 1 if stage == 1 else 2)
        x = module(x, f"stage{stage}_module1", depth, weights)
    for i, stride in enumerate((2, 1, 1), start=1):
        x = unit(x, f"stage4_unit{i}", 2048, weights, stride)
    return head(relu(norm(x, "final", weights)), classes, weights)


def unit(x: Array, name: str, channels: int, weights: Weights, stride: int = 1) -> Array:
    """shortcut + conv1(relu(bn(conv3(relu(bn(conv1(a))))))), a = relu(bn(x)).

    The shortcut is x, or a 1x1 convolution of a where the shape changes.
    """
    a = relu(norm(x, f"{name}_1", weights))
    y = convolution(a, f"{name}_1", channels // 4, 1, weights)
    y = relu(norm(y, f"{name}_2", weights))
    y = convolution(y, f"{name}_2", channels // 4, 3, weights, stride)
    y = relu(norm(y, f"{name}_3", weights))
    y = convolution(y, f"{name}_3", channels, 1, weights)
    if stride > 1 or x.shape[-1] != channels:
        x = convolution(a, f"{name}_shortcut", channels, 1, weights, stride)
    return x + y


def module(
    x: Array,
    name: str,
    depth: int,
    weights: Weights,
    naive: bool = False,
    mask: str = "mixed",
) -> Array:
    """(1 + M) T, or M T, between units; p, t, r = 1, 2, 1."""
    channels = x.shape[-1]

    def units(v: Array, where: str, count: int) -> Array:
        for i in range(1, count + 1):
            v = unit(v, f"{name}_{where}{i}", channels, weights)
        return v

    x = units(x, "before", 1)
    trunk = units(x, "trunk", 2)
    v, skips = x, {}
    for i in range(1, depth):
        v = units(same_pool(v, 3), f"down{i}_", 1)
        skips[i] = units(v, f"skip{i}_", 1)
    v = units(same_pool(v, 3), f"down{depth}_", 2)
    for i in range(depth - 1, 0, -1):
        v = units(resized(v, skips[i]) + skips[i], f"up{i + 1}_", 1)
    v = resized(v, trunk)
    for i in (1, 2):
        v = relu(norm(v, f"{name}_mask{i}", weights))
        v = convolution(v, f"{name}_mask{i}", channels, 1, weights)
    m = MASKS[mask](v)
    return units(m * trunk if naive else (1 + m) * trunk, "after", 1)


def wide_residual_attention(
    images: Array, weights: Weights, classes: int = 10, naive: bool = False
) -> Array:
    """Attention-56 of the public implementation; its naive twin alone normalizes the stem."""
    x = convolution(normalized_pixels(images), "stem", 32, 5, weights, bias=True)
    x = same_pool(relu(norm(x, "stem", weights)) if naive else x, 2)
    for stage, (inner, channels, depth) in enumerate(
        [(32, 128, 2), (64, 256, 1), (128, 512, 1)], start=1
    ):
        stride = 1 if stage == 1 else 2
        x = wide_unit(x, f"stage{stage}_first", inner, channels, weights, stride)
        x = wide_module(x, f"stage{stage}_module1", depth, weights, naive)
    for i in (1, 2, 3):
        x = wide_unit(x, f"last_unit{i}", 256, 1024, weights)
    return head(x, classes, weights)


def wide_unit(
    x: Array, name: str, inner: int, channels: int, weights: Weights, stride: int = 1
) -> Array:
    """A pre-activation unit with biases and a convolution of x as its shortcut, whatever shape."""
    y = x
    for i, (filters, size, step) in enumerate(
        [(inner, 1, 1), (inner, 3, stride), (channels, 1, 1)], start=1
    ):
        y = relu(norm(y, f"{name}_{i}", weights))
        y = convolution(y, f"{name}_{i}", filters, size, weights, step, bias=True)
    return y + convolution(x, f"{name}_shortcut", channels, 1, weights, stride, bias=True)


def wide_module(x: Array, name: str, depth: int, weights: Weights, naive: bool) -> Array:
    """A module of units at full width, one in the trunk, with 2x2 max pooling in the mask."""
    channels = x.shape[-1]

    def step(v: Array, where: str) -> Array:
        return wide_unit(v, f"{name}_{where}", channels, channels, weights)

    x = step(x, "before")
    trunk = step(x, "trunk")
    v = step(same_pool(x, 2), "down1")
    if depth == 2:
        skip = step(v, "skip1")
        v = step(step(same_pool(v, 2), "down2"), "up2")
        v = resized(v, skip) + skip
    v = resized(step(v, "up1"), trunk)
    for i in (1, 2):
        v = convolution(v, f"{name}_mask{i}", channels, 1, weights, bias=True)
    m = sigmoid(v)
    return step(m * trunk if naive else (1 + m) * trunk, "after")


def resized(x: Array, like: Array) -> Array:
    """Bilinear interpolation to the size of a map, corner pixel on corner pixel."""
    for axis in (1, 2):
        before, after = x.shape[axis], like.shape[axis]
        places = np.linspace(0, before - 1, after) if after > 1 else np.zeros(1)
        lower = np.floor(places).astype(int)
        upper = np.minimum(lower + 1, before - 1)
        shape = [1, 1, 1, 1]
        shape[axis] = after
        part = (places - lower).reshape(shape)
        x = (1 - part) * x.take(lower, axis) + part * x.take(upper, axis)
    return x
