"""The CIFAR networks in plain numpy, at inference, from raw pixels to class probabilities.

Sources: the released code of RAS and DIANet and the CIFAR classification code it builds on; for
basic blocks He et al., arXiv 1512.03385.
"""

import numpy as np

from tests.conformance.reference_layers import Array, Weights, relu
from tests.conformance.reference_parts import (
    Attention,
    Block,
    Stage,
    convolution,
    head,
    norm,
    normalized_pixels,
    run_stages,
)


def resnet(
    images: Array,
    weights: Weights,
    depth: int,
    classes: int = 10,
    attention: Attention | None = None,
    aggregation=None,
    normalization: bool = True,
    skip: bool = True,
) -> Array:
    """Bottleneck ResNet of 9n + 2 layers; without normalization only the projections keep theirs.

    Block: relu(shortcut(x) + attention(bn(conv1(relu(bn(conv3(relu(bn(conv1(x))))))))).
    """
    block = bottleneck_block(4, 1, normalization, skip)
    x = convolution(normalized_pixels(images), "stem", 16, 3, weights)
    x = relu(norm(x, "stem", weights) if normalization else x)
    blocks = ((depth - 2) // 9,) * 3
    x, h = run_stages(x, block, (64, 128, 256), blocks, weights, attention, aggregation)
    return head(h.leave(x), classes, weights)


def basic_resnet(
    images: Array,
    weights: Weights,
    depth: int,
    projected: bool,
    classes: int = 10,
    aggregation=None,
) -> Array:
    """ResNet of 6n + 2 layers, two 3x3 convolutions a block, without attention."""
    block = basic_block(projected)
    x = convolution(normalized_pixels(images), "stem", 16, 3, weights)
    x = relu(norm(x, "stem", weights))
    blocks = ((depth - 2) // 6,) * 3
    x, h = run_stages(x, block, (16, 32, 64), blocks, weights, None, aggregation)
    return head(h.leave(x), classes, weights)


def resnext(
    images: Array,
    weights: Weights,
    depth: int,
    classes: int = 10,
    attention: Attention | None = None,
    aggregation=None,
) -> Array:
    """ResNeXt of 9n + 2 layers: ResNet's block at twice the output width, its 3x3 in 8 groups."""
    x = convolution(normalized_pixels(images), "stem", 32, 3, weights)
    x = relu(norm(x, "stem", weights))
    block, blocks = bottleneck_block(0.5, 8), ((depth - 2) // 9,) * 3
    x, h = run_stages(x, block, (128, 256, 512), blocks, weights, attention, aggregation)
    return head(h.leave(x), classes, weights)


def preresnet(
    images: Array,
    weights: Weights,
    depth: int,
    classes: int = 10,
    attention: Attention | None = None,
    aggregation=None,
) -> Array:
    """Pre-activation bottleneck ResNet of 9n + 2 layers, BN and ReLU before every convolution."""
    x = convolution(normalized_pixels(images), "stem", 16, 3, weights)
    block, blocks = preactivation_block, ((depth - 2) // 9,) * 3
    x, h = run_stages(x, block, (64, 128, 256), blocks, weights, attention, aggregation)
    return head(h.leave(relu(norm(x, "final", weights))), classes, weights)


def wrn(
    images: Array,
    weights: Weights,
    depth: int,
    widen_factor: int,
    classes: int = 10,
    attention: Attention | None = None,
    aggregation=None,
) -> Array:
    """Wide ResNet of 6n + 4 layers, two 3x3 convolutions a block."""
    widths = tuple(width * widen_factor for width in (16, 32, 64))
    x = convolution(normalized_pixels(images), "stem", 16, 3, weights)
    blocks = ((depth - 4) // 6,) * 3
    x, h = run_stages(x, wide_block, widths, blocks, weights, attention, aggregation)
    return head(h.leave(relu(norm(x, "final", weights))), classes, weights)


def bottleneck_block(
    reduction: float, groups: int, normalization: bool = True, skip: bool = True
) -> Block:
    """The block of ResNet and ResNeXt with its inner width the output width over `reduction`."""

    def normalized(x: Array, name: str, weights: Weights) -> Array:
        return norm(x, name, weights) if normalization else x

    def block(x: Array, name: str, width: int, stride: int, stage: Stage) -> Array:
        weights, inner = stage.weights, int(width / reduction)
        y = convolution(stage.aggregation.join(x), f"{name}_1", inner, 1, weights)
        y = relu(normalized(y, f"{name}_1", weights))
        y = convolution(y, f"{name}_2", inner, 3, weights, stride, groups)
        y = relu(normalized(y, f"{name}_2", weights))
        y = convolution(y, f"{name}_3", width, 1, weights)
        y = stage.attend(normalized(y, f"{name}_3", weights), name)
        if skip and name.endswith("_block1"):
            x = projection(x, name, width, stride, weights)
        output = relu(x + y if skip else y)
        stage.aggregation.update(name, stride, branch=y, shortcut=x, output=output)
        return output

    return block


def basic_block(projected: bool) -> Block:
    """relu(shortcut(x) + attention(bn(conv3(relu(bn(conv3(x))))))).

    The shortcut of a block that changes the shape is a projection, or every other pixel with zeros
    for the channels that lack.
    """

    def block(x: Array, name: str, width: int, stride: int, stage: Stage) -> Array:
        weights = stage.weights
        y = convolution(stage.aggregation.join(x), f"{name}_1", width, 3, weights, stride)
        y = convolution(relu(norm(y, f"{name}_1", weights)), f"{name}_2", width, 3, weights)
        y = stage.attend(norm(y, f"{name}_2", weights), name)
        if projected and (stride > 1 or x.shape[-1] != width):
            x = projection(x, name, width, stride, weights)
        elif not projected:
            lacking = width - x.shape[-1]
            x = np.pad(x[:, ::stride, ::stride], ((0, 0), (0, 0), (0, 0), (0, lacking)))
        output = relu(x + y)
        stage.aggregation.update(name, stride, branch=y, shortcut=x, output=output)
        return output

    return block


def projection(x: Array, name: str, width: int, stride: int, weights: Weights) -> Array:
    """bn(conv1(x)), the shortcut to another shape."""
    x = convolution(x, f"{name}_shortcut", width, 1, weights, stride)
    return norm(x, f"{name}_shortcut", weights)


def preactivation_block(x: Array, name: str, width: int, stride: int, stage: Stage) -> Array:
    """shortcut(x) + attention(conv1(relu(bn(conv3(relu(bn(conv1(relu(bn(x)))))))))."""
    weights, inner = stage.weights, width // 4
    a = stage.aggregation.join(relu(norm(x, f"{name}_1", weights)))
    y = convolution(a, f"{name}_1", inner, 1, weights)
    y = convolution(relu(norm(y, f"{name}_2", weights)), f"{name}_2", inner, 3, weights, stride)
    y = convolution(relu(norm(y, f"{name}_3", weights)), f"{name}_3", width, 1, weights)
    if name.endswith("_block1"):
        x = convolution(x, f"{name}_shortcut", width, 1, weights, stride)
    return preactivation_end(x, stage.attend(y, name), name, stride, stage)


def wide_block(x: Array, name: str, width: int, stride: int, stage: Stage) -> Array:
    """shortcut + attention(conv3(relu(bn(conv3(a))))), a = relu(bn(x)); the projection sees a."""
    weights = stage.weights
    a = relu(norm(x, f"{name}_1", weights))
    y = convolution(stage.aggregation.join(a), f"{name}_1", width, 3, weights, stride)
    y = convolution(relu(norm(y, f"{name}_2", weights)), f"{name}_2", width, 3, weights)
    if x.shape[-1] != width or stride != 1:
        x = convolution(a, f"{name}_shortcut", width, 1, weights, stride)
    return preactivation_end(x, stage.attend(y, name), name, stride, stage)


def preactivation_end(x: Array, y: Array, name: str, stride: int, stage: Stage) -> Array:
    """shortcut + branch, which the aggregation sees."""
    stage.aggregation.update(name, stride, branch=y, shortcut=x, output=x + y)
    return x + y
