"""The CIFAR ResNeXt, with attention as a plug."""

from collections.abc import Sequence
from functools import partial

import keras

from ras_keras.layers.registry import AttentionLike
from ras_keras.models.aggregation import AggregationLike, make_aggregation
from ras_keras.models.parts.classifier import image_classifier
from ras_keras.models.parts.layers import NormalizationLike, batch_normalize, convolution, relu
from ras_keras.models.parts.stages import STAGES, Depths, residual_stages
from ras_keras.models.resnet import blocks, post_activation_end, projection
from ras_keras.pixels import CIFAR10_MEAN, CIFAR10_VARIANCE
from ras_keras.values.checks import check_at_least_one

STEM_FILTERS = 32
WIDEST = 1024
STAGE_FILTERS = (128, 256, 512)


def depths() -> Depths:
    return Depths(published=101, least=11, check=blocks)


def ResNeXt(
    depth: int = 101,
    attention: AttentionLike = "ras",
    attention_config: dict | None = None,
    attention_stages: Sequence[int] = STAGES,
    aggregation: AggregationLike = None,
    aggregation_config: dict | None = None,
    cardinality: int = 8,
    base_width: int = 32,
    normalization: NormalizationLike = "batch_norm",
    *,
    include_top: bool = True,
    weights: str | None = None,
    input_shape: Sequence[int | None] = (32, 32, 3),
    pooling: str | None = None,
    classes: int = 10,
    classifier_activation: str | None = "softmax",
    features_only: bool = False,
    mean: Sequence[float] = CIFAR10_MEAN,
    variance: Sequence[float] = CIFAR10_VARIANCE,
    name: str | None = None,
) -> keras.Model:
    """Builds a ResNeXt for small images, with attention in every block.

    A 3x3 stem of 32 filters; three stages of n = (depth - 2) / 9 blocks with
    128, 256 and 512 channels at strides 1, 2 and 2. A block is a 1x1
    convolution to `cardinality` groups of `base_width` channels each (twice as
    many in the second stage, four times in the third), a 3x3 convolution within
    the groups, and a 1x1 convolution, each with batch normalization; then
    attention, the addition of the shortcut and a ReLU. The first block of a
    stage has a 1x1 convolution with batch normalization in its shortcut.

    Args:
        depth: 9n + 2 convolution and dense layers.
        attention: as for `ResNet`.
        attention_config: constructor arguments of an attention given by name.
        attention_stages: the stages that have attention, of 1, 2 and 3.
        aggregation: as for `ResNet`.
        aggregation_config: constructor arguments of an aggregation given by name.
        cardinality: groups, an integer from 1 to 1,024.
        base_width: channels of a group in the first stage, an integer
            from 1 to 1,024.
        normalization: "batch_norm", or "iebn" for instance enhancement batch
            normalization (arXiv 1908.04008) in its place.
        include_top: as for `ras_keras.models.image_classifier`, as are the
            arguments that follow it.
        weights: a file to start from.
        input_shape: (H, W, channels).
        pooling: without the top: None, "avg" or "max".
        classes: of the classifier.
        classifier_activation: None for logits.
        features_only: whether the model gives the maps of its stages.
        mean: of each channel, in pixel units.
        variance: of each channel, in squared pixel units.
        name: of the model, "resnext<depth>-<cardinality>x<base_width>d" if None.

    Returns:
        A functional `keras.Model` from raw pixels (N, H, W, channels) to
        (N, classes), or without the top to (N, ceil(H/4), ceil(W/4), 512) or
        (N, 512).

    Raises:
        ValueError: for an argument that does not fit, naming it.
        UserError: for a file of weights that is damaged.

    Source: Xie et al., arXiv 1611.05431; ResNeXt-101, 8x32d as the DIANet
    paper, arXiv 1905.10671, has it, narrower than the original's CIFAR network.
    """
    check_groups(cardinality, base_width)

    aggregate = make_aggregation(aggregation, aggregation_config)

    def body(x):
        x = relu(batch_normalize(convolution(x, STEM_FILTERS, 3, "stem"), "stem"), "stem_relu")
        return residual_stages(
            x,
            partial(_bottleneck, cardinality, base_width),
            filters=STAGE_FILTERS,
            blocks=[blocks(depth)] * len(STAGES),
            attention=attention,
            attention_config=attention_config,
            attention_stages=attention_stages,
            aggregation=aggregate,
        )

    return image_classifier(
        body,
        name or f"resnext{depth}-{cardinality}x{base_width}d",
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


ResNeXt101 = partial(ResNeXt, 101)


def _bottleneck(cardinality, base_width, x, filters, strides, plugs, name):
    width = cardinality * base_width * filters // STAGE_FILTERS[0]
    shortcut = projection(x, filters, strides, name)
    x = plugs.aggregation.enter(x, name)
    x = relu(batch_normalize(convolution(x, width, 1, f"{name}_1"), f"{name}_1"), f"{name}_1_relu")
    x = convolution(x, width, 3, f"{name}_2", strides, groups=cardinality)
    x = relu(batch_normalize(x, f"{name}_2"), f"{name}_2_relu")
    x = batch_normalize(convolution(x, filters, 1, f"{name}_3"), f"{name}_3")
    return post_activation_end(x, shortcut, strides, plugs, name)


def check_groups(cardinality: int, base_width: int) -> None:
    """Refuses group counts and widths that no network can have.

    Raises:
        ValueError: naming the argument.
    """
    check_at_least_one("cardinality", cardinality, WIDEST)
    check_at_least_one("base_width", base_width, WIDEST)
