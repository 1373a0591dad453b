"""The CIFAR networks in plain numpy, at inference, from raw pixels to class probabilities.

The weights of a layer have the path "<layer>/<weight>"; `weights` returns the array of a path and
shape. Sources: the released code of RAS and DIANet and the CIFAR classification code it builds on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.conformance.reference_layers import (
    Array,
    Weights,
    batch_norm,
    conv2d,
    dense,
    pool,
    relu,
    scope,
)

MEAN = 255 * np.array([0.4914, 0.4822, 0.4465])
DEVIATION = 255 * np.array([0.2023, 0.1994, 0.2010])


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

    def __init__(self, number: int, weights: Weights, attention: Attention | None):
        self.name, self.weights, self.attention = f"stage{number}", weights, attention
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


def resnet(
    images: Array,
    weights: Weights,
    depth: int,
    classes: int = 10,
    attention: Attention | None = None,
    normalization: bool = True,
    skip: bool = True,
) -> Array:
    """Bottleneck ResNet of 9n + 2 layers; without normalization only the projections keep theirs.

    Block: relu(shortcut(x) + attention(bn(conv1(relu(bn(conv3(relu(bn(conv1(x))))))))).
    """
    block = bottleneck_block(4, 1, normalization, skip)
    x = convolution(normalized_pixels(images), "stem", 16, 3, weights)
    x = relu(norm(x, "stem", weights) if normalization else x)
    x = run_stages(x, block, (64, 128, 256), (depth - 2) // 9, weights, attention)
    return head(x, classes, weights)


def resnext(
    images: Array,
    weights: Weights,
    depth: int,
    classes: int = 10,
    attention: Attention | None = None,
) -> Array:
    """ResNeXt of 9n + 2 layers: ResNet's block at twice the output width, its 3x3 in 8 groups."""
    x = convolution(normalized_pixels(images), "stem", 32, 3, weights)
    x = relu(norm(x, "stem", weights))
    block = bottleneck_block(0.5, 8)
    x = run_stages(x, block, (128, 256, 512), (depth - 2) // 9, weights, attention)
    return head(x, classes, weights)


def preresnet(
    images: Array,
    weights: Weights,
    depth: int,
    classes: int = 10,
    attention: Attention | None = None,
) -> Array:
    """Pre-activation bottleneck ResNet of 9n + 2 layers, BN and ReLU before every convolution."""
    x = convolution(normalized_pixels(images), "stem", 16, 3, weights)
    x = run_stages(x, preactivation_block, (64, 128, 256), (depth - 2) // 9, weights, attention)
    return head(relu(norm(x, "final", weights)), classes, weights)


def wrn(
    images: Array,
    weights: Weights,
    depth: int,
    widen_factor: int,
    classes: int = 10,
    attention: Attention | None = None,
) -> Array:
    """Wide ResNet of 6n + 4 layers, two 3x3 convolutions a block."""
    widths = tuple(width * widen_factor for width in (16, 32, 64))
    x = convolution(normalized_pixels(images), "stem", 16, 3, weights)
    x = run_stages(x, wide_block, widths, (depth - 4) // 6, weights, attention)
    return head(relu(norm(x, "final", weights)), classes, weights)


def run_stages(
    x: Array,
    block: Callable[[Array, str, int, int, Stage], Array],
    widths: tuple[int, ...],
    blocks: int,
    weights: Weights,
    attention: Attention | None,
) -> Array:
    """The stages of this output width, with stride 2 in the first block of all but the first."""
    for number, width in enumerate(widths, start=1):
        stage = Stage(number, weights, attention)
        for index in range(1, blocks + 1):
            stride = 2 if number > 1 and index == 1 else 1
            x = block(x, f"{stage.name}_block{index}", width, stride, stage)
    return x


def bottleneck_block(
    reduction: float, groups: int, normalization: bool = True, skip: bool = True
) -> Callable[[Array, str, int, int, Stage], Array]:
    """The block of ResNet and ResNeXt with its inner width the output width over `reduction`."""

    def normalized(x: Array, name: str, weights: Weights) -> Array:
        return norm(x, name, weights) if normalization else x

    def block(x: Array, name: str, width: int, stride: int, stage: Stage) -> Array:
        weights, inner = stage.weights, int(width / reduction)
        y = convolution(x, f"{name}_1", inner, 1, weights)
        y = relu(normalized(y, f"{name}_1", weights))
        y = convolution(y, f"{name}_2", inner, 3, weights, stride, groups)
        y = relu(normalized(y, f"{name}_2", weights))
        y = convolution(y, f"{name}_3", width, 1, weights)
        y = stage.attend(normalized(y, f"{name}_3", weights), name)
        if not skip:
            return relu(y)
        if name.endswith("_block1"):
            x = convolution(x, f"{name}_shortcut", width, 1, weights, stride)
            x = norm(x, f"{name}_shortcut", weights)
        return relu(x + y)

    return block


def preactivation_block(x: Array, name: str, width: int, stride: int, stage: Stage) -> Array:
    """shortcut(x) + attention(conv1(relu(bn(conv3(relu(bn(conv1(relu(bn(x)))))))))."""
    weights, inner = stage.weights, width // 4
    y = convolution(relu(norm(x, f"{name}_1", weights)), f"{name}_1", inner, 1, weights)
    y = convolution(relu(norm(y, f"{name}_2", weights)), f"{name}_2", inner, 3, weights, stride)
    y = convolution(relu(norm(y, f"{name}_3", weights)), f"{name}_3", width, 1, weights)
    if name.endswith("_block1"):
        x = convolution(x, f"{name}_shortcut", width, 1, weights, stride)
    return x + stage.attend(y, name)


def wide_block(x: Array, name: str, width: int, stride: int, stage: Stage) -> Array:
    """shortcut + attention(conv3(relu(bn(conv3(a))))), a = relu(bn(x)); the projection sees a."""
    weights = stage.weights
    a = relu(norm(x, f"{name}_1", weights))
    y = convolution(a, f"{name}_1", width, 3, weights, stride)
    y = convolution(relu(norm(y, f"{name}_2", weights)), f"{name}_2", width, 3, weights)
    if x.shape[-1] != width or stride != 1:
        x = convolution(a, f"{name}_shortcut", width, 1, weights, stride)
    return x + stage.attend(y, name)


def normalized_pixels(images: Array) -> Array:
    """(x - mean) / deviation of the CIFAR images, colour by colour."""
    return (images - MEAN) / DEVIATION


def convolution(
    x: Array,
    name: str,
    filters: int,
    size: int,
    weights: Weights,
    stride: int = 1,
    groups: int = 1,
) -> Array:
    """The layer "<name>_conv", without bias."""
    shape = (size, size, x.shape[-1] // groups, filters)
    return conv2d(x, weights(f"{name}_conv/kernel", shape), stride, groups)


def norm(x: Array, name: str, weights: Weights) -> Array:
    """The layer "<name>_bn"."""
    return batch_norm(x, scope(weights, f"{name}_bn"))


def head(x: Array, classes: int, weights: Weights) -> Array:
    """softmax(W GAP(x) + b), the layer "predictions"."""
    logits = dense(pool(x), classes, scope(weights, "predictions"))
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
