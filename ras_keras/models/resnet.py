"""The CIFAR ResNet, post-activation, with attention and aggregation as plugs."""

from collections.abc import Sequence
from functools import partial
from typing import Literal

import keras
from keras import layers

from ras_keras.errors import ArgumentError
from ras_keras.layers.parts.empty_state import EmptyState
from ras_keras.layers.registry import AttentionLike
from ras_keras.models.aggregation import AggregationLike, make_aggregation
from ras_keras.models.parts.classifier import image_classifier
from ras_keras.models.parts.layers import (
    NormalizationLike,
    batch_normalize,
    channel_axis,
    convolution,
    fits,
    relu,
)
from ras_keras.models.parts.stages import STAGES, Depths, blocks_per_stage, residual_stages
from ras_keras.values.checks import check_one_of

STEM_FILTERS = 16
STAGE_FILTERS = (64, 128, 256)
EXPANSION = 4
LAYERS_PER_BLOCK = {"bottleneck": 3, "basic": 2}


def blocks(depth: int, block: str = "bottleneck") -> int:
    """n of depth = 9n + 2, or 6n + 2 with basic blocks."""
    check_one_of("block", block, (*LAYERS_PER_BLOCK,))
    return blocks_per_stage(depth, LAYERS_PER_BLOCK[block], others=2)


def depths(block: str = "bottleneck") -> Depths:
    """9n + 2 with bottlenecks, 6n + 2 with basic blocks."""
    if block == "basic":
        return Depths(published=110, least=8, check=partial(blocks, block=block))
    return Depths(published=164, least=11, check=partial(blocks, block=block))


def ResNet(
    depth: int = 164,
    attention: AttentionLike = "ras",
    attention_config: dict | None = None,
    attention_stages: Sequence[int] = STAGES,
    aggregation: AggregationLike = None,
    aggregation_config: dict | None = None,
    block: Literal["bottleneck", "basic"] = "bottleneck",
    shortcut: Literal["projection", "identity"] | None = None,
    batch_norm: bool = True,
    skip: bool = True,
    normalization: NormalizationLike = "batch_norm",
    *,
    include_top: bool = True,
    weights: str | None = None,
    input_shape: Sequence[int | None] = (32, 32, 3),
    pooling: str | None = None,
    classes: int | None = None,
    classifier_activation: str | None = "softmax",
    features_only: bool = False,
    mean: Sequence[float] | None = None,
    variance: Sequence[float] | None = None,
    name: str | None = None,
) -> keras.Model:
    """Builds a ResNet for small images, with attention in every block.

    A 3x3 stem of 16 filters; three stages of n blocks at strides 1, 2 and 2;
    global average pooling; a dense classifier. A bottleneck block is 1x1, 3x3
    and 1x1 convolutions to 64, 128 and 256 channels, a basic one two 3x3
    convolutions to 16, 32 and 64, each with batch normalization; then attention,
    the addition of the shortcut and a ReLU.

    Args:
        depth: 9n + 2 convolution and dense layers, 6n + 2 with basic blocks.
        attention: None, a name such as "ras" (`ras_keras.layers.ATTENTION`), or
            a callable that makes a layer from (N, H, W, C) to (N, H, W, C),
            called once per block; a class with `shared_by_stage = True`, once per
            stage.
        attention_config: constructor arguments of an attention given by name.
        attention_stages: the stages that have attention, of 1, 2 and 3.
        aggregation: None, a name such as "rla"
            (`ras_keras.models.AGGREGATION`), or a callable that makes an
            `Aggregation`.
        aggregation_config: constructor arguments of an aggregation given by name.
        block: "bottleneck" or "basic".
        shortcut: of a block that changes the map's shape: "projection", a 1x1
            convolution with batch normalization, or "identity", every other
            pixel and channels of zeros, without parameters, for basic blocks.
            None is what the papers have: the identity for basic blocks, the
            projection for bottlenecks.
        batch_norm: False leaves out all batch normalizations but those of the
            projecting shortcuts and of the attention (Table 8 of arXiv
            1905.10671; its DIA has `reduction_ratio` 16 there).
        skip: False leaves out the shortcuts (Fig. 6 there).
        normalization: "batch_norm", or "iebn" for instance enhancement batch
            normalization (arXiv 1908.04008) in its place.
        include_top: as for `ras_keras.models.image_classifier`, as are the
            arguments that follow it. The pyramid of `features_only` is "P0",
            "P1" and "P2".
        weights: a file to start from, or a name such as "cifar10", for the model
            of the package (`ras-keras models`) that was trained on it and is this
            network.
        input_shape: (H, W, channels).
        pooling: without the top: None, "avg" or "max".
        classes: of the classifier; None for those of the weights of a name,
            else 10.
        classifier_activation: None for logits.
        features_only: whether the model gives the maps of its stages.
        mean: of each channel, in pixel units; None likewise for that of the
            weights, else CIFAR-10's.
        variance: of each channel, in squared pixel units; likewise.
        name: of the model, "resnet<depth>" if None.

    Returns:
        A functional `keras.Model` from raw pixels (N, H, W, channels) to
        (N, classes), or without the top to (N, ceil(H/4), ceil(W/4), C) or
        (N, C); C is 256, of basic blocks 64, and an aggregation's channels more.

    Raises:
        ValueError: for an argument that does not fit, naming it.
        UserError: for a file of weights that is damaged.

    Source: He et al., arXiv 1512.03385, in the bottleneck form of the RAS paper,
    arXiv 2210.15676; published initializers (He normal over the fan-out,
    uniform within 1/sqrt(fan-in) for the classifier).
    """
    n = blocks(depth, block)
    check_one_of("shortcut", shortcut, ("projection", "identity", None))
    if block == "bottleneck" and shortcut == "identity":
        raise ArgumentError.of("shortcut", "must be projection for bottleneck blocks", shortcut)
    normalize = batch_normalize if batch_norm else _unchanged
    if not skip:
        shorten = _nothing
    elif block == "basic" and shortcut != "projection":
        shorten = padded_identity
    else:
        shorten = projection
    make = {"bottleneck": _bottleneck, "basic": _basic}[block]
    width = EXPANSION if block == "basic" else 1
    aggregate = make_aggregation(aggregation, aggregation_config)

    def body(x):
        x = normalize(convolution(x, STEM_FILTERS, 3, "stem"), "stem")
        return residual_stages(
            relu(x, "stem_relu"),
            partial(make, normalize, shorten),
            filters=[filters // width for filters in STAGE_FILTERS],
            blocks=[n] * len(STAGES),
            attention=attention,
            attention_config=attention_config,
            attention_stages=attention_stages,
            aggregation=aggregate,
        )

    return image_classifier(
        body,
        name or f"resnet{depth}",
        end=aggregate.leave,
        normalization=normalization,
        include_top=include_top,
        weights=weights,
        input_shape=input_shape,
        pooling=pooling,
        classes=classes,
        classifier_activation=classifier_activation,
        features_only=features_only,
        mean=mean,
        variance=variance,
    )


def _bottleneck(normalize, shorten, x, filters, strides, plugs, name):
    shortcut = shorten(x, filters, strides, name)
    width = filters // EXPANSION
    x = plugs.aggregation.enter(x, name)
    x = normalize(convolution(x, width, 1, f"{name}_1"), f"{name}_1")
    x = relu(x, f"{name}_1_relu")
    x = normalize(convolution(x, width, 3, f"{name}_2", strides), f"{name}_2")
    x = relu(x, f"{name}_2_relu")
    x = normalize(convolution(x, filters, 1, f"{name}_3"), f"{name}_3")
    return post_activation_end(x, shortcut, strides, plugs, name)


def _basic(normalize, shorten, x, filters, strides, plugs, name):
    shortcut = shorten(x, filters, strides, name)
    x = plugs.aggregation.enter(x, name)
    x = normalize(convolution(x, filters, 3, f"{name}_1", strides), f"{name}_1")
    x = relu(x, f"{name}_1_relu")
    x = normalize(convolution(x, filters, 3, f"{name}_2"), f"{name}_2")
    return post_activation_end(x, shortcut, strides, plugs, name)


def post_activation_end(branch, shortcut, strides, plugs, name):
    """Attention on a branch, the addition of the shortcut and a ReLU; tells the aggregation."""
    branch = plugs.attention(branch, name)
    x = branch if shortcut is None else layers.Add(name=f"{name}_add")([branch, shortcut])
    x = relu(x, f"{name}_out")
    plugs.aggregation.update(name, strides, output=x, branch=branch, shortcut=shortcut)
    return x


def projection(x, filters: int, strides: int, name: str, convolve=convolution):
    """The shortcut of a block: `x`, or a 1x1 convolution of it with batch normalization."""
    if fits(x, filters, strides):
        return x
    return batch_normalize(convolve(x, filters, 1, f"{name}_shortcut", strides), f"{name}_shortcut")


def padded_identity(x, filters: int, strides: int, name: str):
    """The shortcut of a block: `x`, every `strides`-th pixel of it, and channels of zeros."""
    if strides > 1:
        x = layers.MaxPooling2D(1, strides, name=f"{name}_shortcut_pixels")(x)
    lacking = filters - x.shape[channel_axis()]
    if lacking:
        zeros = EmptyState(lacking, channel_axis(), name=f"{name}_shortcut_zeros")(x)
        x = layers.Concatenate(channel_axis(), name=f"{name}_shortcut_channels")([x, zeros])
    return x


def _nothing(x, filters, strides, name):
    return None


def _unchanged(x, name):
    return x


ResNet83 = partial(ResNet, 83)
ResNet164 = partial(ResNet, 164)
ResNet245 = partial(ResNet, 245)
ResNet326 = partial(ResNet, 326)
ResNet407 = partial(ResNet, 407)
# He et al.'s networks, without attention as they have them.
ResNet20 = partial(ResNet, 20, attention=None, block="basic")
ResNet32 = partial(ResNet, 32, attention=None, block="basic")
ResNet44 = partial(ResNet, 44, attention=None, block="basic")
ResNet56 = partial(ResNet, 56, attention=None, block="basic")
ResNet110 = partial(ResNet, 110, attention=None, block="basic")
