"""The residual attention network of a public Keras implementation, far wider than the paper's."""

from collections.abc import Sequence
from functools import partial
from typing import Literal

import keras
from keras import layers

from ras_keras.layers.aligned_resizing import AlignedResizing
from ras_keras.layers.registry import AttentionLike
from ras_keras.layers.soft_mask import SoftMask
from ras_keras.models.aggregation import AggregationLike
from ras_keras.models.parts.classifier import image_classifier
from ras_keras.models.parts.layers import batch_normalize, convolution, relu
from ras_keras.models.parts.residual_modules import check_no_aggregation, check_size
from ras_keras.models.parts.stages import (
    Depths,
    StageAttention,
    check_attention_stages,
    check_depth,
    stage_attention,
)
from ras_keras.pixels import CIFAR10_MEAN, CIFAR10_VARIANCE

STEM_FILTERS = 32
# Of each stage: the widths of its unit, its strides, and the poolings of its masks.
STAGES = ((32, 128, 1, 2), (64, 256, 2, 1), (128, 512, 2, 1))
LAST_WIDTH, LAST_FILTERS, LAST_UNITS = 256, 1024, 3
# Modules of the stages, by the depth.
DEPTHS = {56: (1, 1, 1), 92: (1, 2, 3)}


def modules(depth: int) -> tuple[int, ...]:
    """The modules of each stage.

    Raises:
        ValueError: for a depth other than 56 and 92.
    """
    check_depth(depth, DEPTHS)
    return DEPTHS[depth]


def depths() -> Depths:
    return Depths(published=56, least=56, check=modules)


def WideResidualAttention(
    depth: int = 56,
    attention: AttentionLike = None,
    attention_config: dict | None = None,
    attention_stages: Sequence[int] = (1, 2, 3),
    aggregation: AggregationLike = None,
    aggregation_config: dict | None = None,
    mask: Literal["mixed", "channel", "spatial"] = "mixed",
    learning: Literal["attention", "naive"] = "attention",
    dropout: float = 0.0,
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
    """Builds the wide residual attention network that reports of the paper are often made with.

    A 5x5 stem of 32 filters and a 2x2 max pooling; three stages of 128, 256 and
    512 channels, each a unit and modules of units as wide as the stage; three
    units of 1,024 channels; global average pooling; a dense classifier. All
    convolutions have biases.

    It is no network of the paper, which has a sixth of its parameters. What
    makes its size is kept: a trunk has one unit, where two were meant; every
    shortcut is a convolution; units of trunks and masks are not narrowed; no
    normalization stands before the mask's last convolutions; the stem of
    Attention-56 with attention residual learning has no normalization, its twin
    with naive learning and Attention-92 have one. What does not is mended:
    masks are resized bilinearly and not to the nearest pixel, `dropout` works
    at every depth, and the settings of its training (a learning rate of 1e-5
    under two schedules, a validation set of training images) are not repeated.

    Args:
        depth: 56 or 92.
        attention: of every unit's branch, as for `ResNet`.
        attention_config: constructor arguments of an attention given by name.
        attention_stages: the stages whose units have attention, of 1, 2 and 3.
        aggregation: must be None: there is no place for a state in a module.
        aggregation_config: must be None.
        mask: "mixed", "channel" or "spatial", as for `SoftMask`.
        learning: "attention" for (1 + M) T, "naive" for M T.
        dropout: before the classifier, in [0, 1).
        include_top: as for `ras_keras.models.image_classifier`, as are the
            arguments that follow it. The pyramid of `features_only` is "P1",
            "P2" and "P3".
        weights: a file to start from.
        input_shape: (H, W, channels), H and W at least 16.
        pooling: without the top: None, "avg" or "max".
        classes: of the classifier.
        classifier_activation: None for logits.
        features_only: whether the model gives the maps of its stages.
        mean: of each channel, in pixel units.
        variance: of each channel, in squared pixel units.
        name: of the model, "wide_residual_attention<depth>" if None.

    Returns:
        A functional `keras.Model` from raw pixels (N, H, W, channels) to
        (N, classes), or without the top to (N, ceil(H/8), ceil(W/8), 1024) or
        (N, 1024).

    Raises:
        ValueError: for an argument that does not fit, naming it.
        UserError: for a file of weights that is damaged.

    Source: the public Keras implementation of arXiv 1704.06904 whose networks
    have 28 and 65 million parameters.
    """
    counts = modules(depth)
    check_no_aggregation(aggregation, aggregation_config)
    check_attention_stages(attention_stages, (1, 2, 3))
    check_size(input_shape, 16)
    combine = partial(SoftMask, mask, learning)

    def body(x):
        x = _convolution(x, STEM_FILTERS, 5, "stem")
        if (depth, learning) != (56, "attention"):
            x = relu(batch_normalize(x, "stem"), "stem_relu")
        x = layers.MaxPooling2D(2, padding="same", name="stem_pooling")(x)
        maps = []
        for stage, (width, filters, strides, poolings) in enumerate(STAGES, start=1):
            attend = stage_attention(attention, attention_config, stage, attention_stages)
            x = _unit(x, width, filters, strides, attend, f"stage{stage}_first")
            for index in range(1, counts[stage - 1] + 1):
                x = _module(x, filters, poolings, combine, attend, f"stage{stage}_module{index}")
            maps.append(x)
        return maps

    def end(x):
        plain = StageAttention(None, None, stage=4)
        for i in range(1, LAST_UNITS + 1):
            x = _unit(x, LAST_WIDTH, LAST_FILTERS, 1, plain, f"last_unit{i}")
        return x

    return image_classifier(
        body,
        name or f"wide_residual_attention{depth}",
        end=end,
        first_level=1,
        dropout=dropout,
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


def _module(x, filters, poolings, combine, attend, name):
    def unit(x, where):
        return _unit(x, filters, filters, 1, attend, f"{name}_{where}")

    x = unit(x, "before")
    trunk = unit(x, "trunk")
    mask, sizes = x, []
    for level in range(1, poolings + 1):
        sizes.append(trunk if level == 1 else unit(mask, f"skip{level - 1}"))
        mask = layers.MaxPooling2D(2, padding="same", name=f"{name}_pooling{level}")(mask)
        mask = unit(mask, f"down{level}")
    for level in range(poolings, 0, -1):
        mask = unit(mask, f"up{level}")
        mask = AlignedResizing(name=f"{name}_resizing{level}")([mask, sizes[level - 1]])
        if level > 1:
            mask = layers.Add(name=f"{name}_sum{level}")([mask, sizes[level - 1]])
    for i in (1, 2):
        mask = _convolution(mask, filters, 1, f"{name}_mask{i}")
    return unit(combine(name=f"{name}_mask")([trunk, mask]), "after")


def _unit(x, width, filters, strides, attend, name):
    """A pre-activation unit whose shortcut is always a convolution."""
    shortcut = _convolution(x, filters, 1, f"{name}_shortcut", strides)
    for i, (units, size, step) in enumerate(
        [(width, 1, 1), (width, 3, strides), (filters, 1, 1)], start=1
    ):
        x = relu(batch_normalize(x, f"{name}_{i}"), f"{name}_{i}_relu")
        x = _convolution(x, units, size, f"{name}_{i}", step)
    x = attend(x, name, normalized=False)
    return layers.Add(name=f"{name}_out")([x, shortcut])


_convolution = partial(convolution, use_bias=True)
