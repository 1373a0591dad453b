"""The wide ResNet (WRN), with attention as a plug."""

from collections.abc import Sequence
from functools import partial

import keras
from keras import layers

from ras_keras.layers.registry import AttentionLike
from ras_keras.models.aggregation import AggregationLike, make_aggregation
from ras_keras.models.parts.classifier import image_classifier
from ras_keras.models.parts.layers import (
    NormalizationLike,
    batch_normalize,
    convolution,
    fits,
    relu,
)
from ras_keras.models.parts.stages import STAGES, Depths, blocks_per_stage, residual_stages
from ras_keras.models.preresnet import pre_activation_end
from ras_keras.pixels import CIFAR10_MEAN, CIFAR10_VARIANCE
from ras_keras.values.checks import check_at_least_one, check_rate

STAGE_FILTERS = (16, 32, 64)
# A convolution of a network as wide as this has 370 million weights.
WIDEST = 100


def blocks(depth: int) -> int:
    """n of depth = 6n + 4."""
    return blocks_per_stage(depth, layers_per_block=2, others=4)


def depths() -> Depths:
    return Depths(published=52, least=10, check=blocks)


def WideResNet(
    depth: int = 52,
    attention: AttentionLike = "ras",
    attention_config: dict | None = None,
    attention_stages: Sequence[int] = STAGES,
    aggregation: AggregationLike = None,
    aggregation_config: dict | None = None,
    widen_factor: int = 4,
    dropout: float = 0.3,
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
    """Builds a wide ResNet for small images, with attention in every block.

    A 3x3 stem of 16 filters; three stages of n = (depth - 4) / 6 blocks with
    16, 32 and 64 filters times `widen_factor` at strides 1, 2 and 2. A block is
    two 3x3 convolutions, batch normalization and ReLU before each and dropout
    between them; then attention and the addition. A projecting shortcut is a
    1x1 convolution of the first ReLU's output. DIA gets a batch normalization of
    its own before it, as its authors' code has it.

    Args:
        depth: 6n + 4, as the WRN paper counts.
        attention: as for `ResNet`.
        attention_config: constructor arguments of an attention given by name.
        attention_stages: the stages that have attention, of 1, 2 and 3.
        aggregation: as for `ResNet`.
        aggregation_config: constructor arguments of an aggregation given by name.
        widen_factor: an integer from 1 to 100.
        dropout: between the convolutions of a block, in [0, 1).
        normalization: "batch_norm", or "iebn" for instance enhancement batch
            normalization (arXiv 1908.04008) in its place.
        include_top: as for `ras_keras.models.image_classifier`, as are the
            arguments that follow it.
        weights: a file to start from.
        input_shape: (H, W, channels).
        pooling: without the top: None, "avg" or "max".
        classes: of the classifier.
        classifier_activation: None for logits.
        features_only: whether the model gives the maps of its stages,
            without the last batch normalization and ReLU.
        mean: of each channel, in pixel units.
        variance: of each channel, in squared pixel units.
        name: of the model, "wrn<depth>-<widen_factor>" if None.

    Returns:
        A functional `keras.Model` from raw pixels (N, H, W, channels) to
        (N, classes), or without the top to
        (N, ceil(H/4), ceil(W/4), 64 * widen_factor) or (N, 64 * widen_factor).

    Raises:
        ValueError: for an argument that does not fit, naming it.
        UserError: for a file of weights that is damaged.

    Source: Zagoruyko and Komodakis, arXiv 1605.07146; WRN-52-4 as the DIANet
    paper, arXiv 1905.10671, has it.
    """
    check_width(widen_factor, dropout)

    aggregate = make_aggregation(aggregation, aggregation_config)

    def body(x):
        return residual_stages(
            convolution(x, STAGE_FILTERS[0], 3, "stem"),
            partial(_block, dropout),
            filters=[widen_factor * filters for filters in STAGE_FILTERS],
            blocks=[blocks(depth)] * len(STAGES),
            attention=attention,
            attention_config=attention_config,
            attention_stages=attention_stages,
            aggregation=aggregate,
        )

    def end(x):
        return aggregate.leave(relu(batch_normalize(x, "final"), "final_relu"))

    return image_classifier(
        body,
        name or f"wrn{depth}-{widen_factor}",
        end=end,
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


WideResNet52_4 = partial(WideResNet, 52)


def _block(dropout, x, filters, strides, plugs, name):
    activated = relu(batch_normalize(x, f"{name}_1"), f"{name}_1_relu")
    shortcut = x
    if not fits(x, filters, strides):
        shortcut = convolution(activated, filters, 1, f"{name}_shortcut", strides)
    x = plugs.aggregation.enter(activated, name)
    x = convolution(x, filters, 3, f"{name}_1", strides)
    x = relu(batch_normalize(x, f"{name}_2"), f"{name}_2_relu")
    if dropout:
        x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
    x = convolution(x, filters, 3, f"{name}_2")
    return pre_activation_end(x, shortcut, strides, plugs, name)


def check_width(widen_factor: int, dropout: float) -> None:
    """Refuses widths and dropout rates that no network can have.

    Raises:
        ValueError: naming the argument.
    """
    check_at_least_one("widen_factor", widen_factor, WIDEST)
    check_rate("dropout", dropout)
