"""The residual attention network for small images."""

from collections.abc import Sequence
from functools import partial
from typing import Literal

import keras

from ras_keras.errors import ArgumentError
from ras_keras.layers.registry import AttentionLike
from ras_keras.layers.soft_mask import SoftMask
from ras_keras.models.aggregation import AggregationLike
from ras_keras.models.parts.classifier import image_classifier
from ras_keras.models.parts.layers import batch_normalize, convolution, relu
from ras_keras.models.parts.residual_modules import (
    Modules,
    check_no_aggregation,
    check_size,
    final_activation,
    stage_of_modules,
    unit,
)
from ras_keras.models.parts.stages import Depths, check_attention_stages, stage_attention
from ras_keras.pixels import CIFAR10_MEAN, CIFAR10_VARIANCE
from ras_keras.values.checks import is_integer

LAYERS_PER_MODULE, OTHER_LAYERS = 36, 20
MOST_MODULES = 100


def modules(depth: int) -> Modules:
    """The modules of a CIFAR network of this depth, 36m + 20 or 452.

    Raises:
        ValueError: naming the two nearest depths that fit.
    """
    if is_integer(depth) and depth == 452:
        return Modules((6, 6, 6), before=2, trunk=4, within=3)
    count, rest = divmod(depth - OTHER_LAYERS, LAYERS_PER_MODULE) if is_integer(depth) else (0, 1)
    if rest == 0 and 1 <= count <= MOST_MODULES:
        return Modules((int(count),) * 3)
    nearest = ""
    if is_integer(depth):
        below = min(max(count, 1), MOST_MODULES - 1)
        depths = (LAYERS_PER_MODULE * each + OTHER_LAYERS for each in (below, below + 1))
        nearest = f"; the nearest are {' and '.join(map(str, depths))}"
    raise ArgumentError.of(
        "depth", f"must be 36m+20 with 1 to {MOST_MODULES} modules a stage, or 452{nearest}", depth
    )


def depths() -> Depths:
    return Depths(published=56, least=56, check=modules)


def ResidualAttention(
    depth: int = 56,
    attention: AttentionLike = None,
    attention_config: dict | None = None,
    attention_stages: Sequence[int] = (1, 2, 3),
    aggregation: AggregationLike = None,
    aggregation_config: dict | None = None,
    mask: Literal["mixed", "channel", "spatial"] = "mixed",
    learning: Literal["attention", "naive"] = "attention",
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
    """Builds a residual attention network for small images.

    A 3x3 stem of 16 filters; three stages of 64, 128 and 256 channels at strides
    1, 2 and 2, each a unit, m modules and a unit; batch normalization and ReLU;
    global average pooling; a dense classifier. A unit is a pre-activation
    bottleneck. A module is p units, then a trunk of t units and beside it a
    mask: 3, 2 and 1 poolings by the stage, r units between them, and as
    many bilinear resizings back, to each of which the map of its size is
    added through a unit; then (1 + M) T and a unit.

    This network is inferred: what the paper publishes does not determine its
    CIFAR network. The counts of the depths 92 and 236 are those that it prints,
    that of 452 (9.6 million) is not.

    Args:
        depth: 36m + 20 (p, t, r = 1, 2, 1): 56, 92, 128, 164, 236; or 452
            (p, t, r, m = 2, 4, 3, 6).
        attention: of every unit's branch, as for `ResNet`.
        attention_config: constructor arguments of an attention given by name.
        attention_stages: the stages whose units have attention, of 1, 2 and 3.
        aggregation: must be None: there is no place for a state in a module.
        aggregation_config: must be None.
        mask: "mixed", "channel" or "spatial", as for `SoftMask`.
        learning: "attention" for (1 + M) T, "naive" for M T.
        include_top: as for `ras_keras.models.image_classifier`, as are the
            arguments that follow it. The pyramid of `features_only` is "P0",
            "P1" and "P2".
        weights: a file to start from.
        input_shape: (H, W, channels), H and W at least 8.
        pooling: without the top: None, "avg" or "max".
        classes: of the classifier.
        classifier_activation: None for logits.
        features_only: whether the model gives the maps of its stages.
        mean: of each channel, in pixel units.
        variance: of each channel, in squared pixel units.
        name: of the model, "residual_attention<depth>" if None.

    Returns:
        A functional `keras.Model` from raw pixels (N, H, W, channels) to
        (N, classes), or without the top to (N, ceil(H/4), ceil(W/4), 256) or
        (N, 256).

    Raises:
        ValueError: for an argument that does not fit, naming it.
        UserError: for a file of weights that is damaged.

    Source: Wang et al., arXiv 1704.06904, with the units of its authors' own
    networks for ImageNet.
    """
    sizes, combine = modules(depth), partial(SoftMask, mask, learning)
    check_no_aggregation(aggregation, aggregation_config)
    check_attention_stages(attention_stages, (1, 2, 3))
    check_size(input_shape, 8)

    def body(x):
        x = relu(batch_normalize(convolution(x, 16, 3, "stem"), "stem"), "stem_relu")
        maps = []
        for stage, (filters, poolings) in enumerate([(64, 3), (128, 2), (256, 1)], start=1):
            attend = stage_attention(attention, attention_config, stage, attention_stages)
            x = stage_of_modules(x, filters, poolings, sizes, combine, attend, stage)
            maps.append(unit(x, filters, 1, attend, f"stage{stage}_last"))
            x = maps[-1]
        return maps

    return image_classifier(
        body,
        name or f"residual_attention{depth}",
        end=final_activation,
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
