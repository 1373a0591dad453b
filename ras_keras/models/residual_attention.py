"""The residual attention network: trunks, and soft masks from hourglasses beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import keras
from keras import layers

from ras_keras.errors import ArgumentError
from ras_keras.layers.aligned_resizing import AlignedResizing
from ras_keras.layers.registry import NONE, AttentionLike
from ras_keras.layers.soft_mask import LEARNINGS, MASKS, SoftMask
from ras_keras.models.aggregation import AggregationLike
from ras_keras.models.classifier import image_classifier
from ras_keras.models.parts import channel_axis, convolution, fits, normalization, relu
from ras_keras.models.stages import Depths, StageAttention, check_attention_stages, stage_attention
from ras_keras.pixels import CIFAR10_MEAN, CIFAR10_VARIANCE, IMAGENET_MEAN, IMAGENET_VARIANCE
from ras_keras.values.checks import check_one_of, is_integer

EXPANSION = 4
LAYERS_PER_MODULE, OTHER_LAYERS = 36, 20
MOST_MODULES = 100


@dataclass(frozen=True)
class Modules:
    """Units and modules of a network.

    Attributes:
        before: p, units before trunk and mask.
        trunk: t, units of the trunk.
        within: r, units of a mask between two poolings.
        counts: m, modules of each stage.
    """

    counts: Sequence[int]
    before: int = 1
    trunk: int = 2
    within: int = 1


@dataclass(frozen=True)
class _Kind:
    """What all modules of a network have in common."""

    modules: Modules
    mask: str
    learning: str


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
    kind = _checked(mask, learning, modules(depth), aggregation, aggregation_config)
    check_attention_stages(attention_stages, (1, 2, 3))
    check_size(input_shape, 8)

    def body(x):
        x = relu(normalization(convolution(x, 16, 3, "stem"), "stem"), "stem_relu")
        maps = []
        for stage, (filters, poolings) in enumerate([(64, 3), (128, 2), (256, 1)], start=1):
            attend = stage_attention(attention, attention_config, stage, attention_stages)
            x = _stage(x, filters, poolings, kind, attend, stage)
            maps.append(unit(x, filters, 1, attend, f"stage{stage}_last"))
            x = maps[-1]
        return maps

    return image_classifier(
        body,
        name or f"residual_attention{depth}",
        end=_end,
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


# Modules of the stages, by the depth.
IMAGENET_DEPTHS = {56: Modules((1, 1, 1)), 92: Modules((1, 2, 3))}


def imagenet_modules(depth: int) -> Modules:
    """The modules of a network of this depth for ImageNet.

    Raises:
        ValueError: for another depth.
    """
    if not is_integer(depth) or depth not in IMAGENET_DEPTHS:
        raise ArgumentError.of("depth", "must be 56 or 92", depth)
    return IMAGENET_DEPTHS[depth]


def imagenet_depths() -> Depths:
    return Depths(published=56, least=56, check=imagenet_modules)


def ImageNetResidualAttention(
    depth: int = 56,
    attention: AttentionLike = None,
    attention_config: dict | None = None,
    attention_stages: Sequence[int] = (1, 2, 3, 4),
    aggregation: AggregationLike = None,
    aggregation_config: dict | None = None,
    mask: Literal["mixed", "channel", "spatial"] = "mixed",
    learning: Literal["attention", "naive"] = "attention",
    *,
    include_top: bool = True,
    weights: str | None = None,
    input_shape: Sequence[int | None] = (224, 224, 3),
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: str | None = "softmax",
    features_only: bool = False,
    mean: Sequence[float] = IMAGENET_MEAN,
    variance: Sequence[float] = IMAGENET_VARIANCE,
    name: str | None = None,
) -> keras.Model:
    """Builds the residual attention network that its authors released for ImageNet.

    A 7x7 stem of 64 filters and a max pooling, both at stride 2; three stages of
    256, 512 and 1,024 channels, each a unit and m modules (`ResidualAttention`
    says what these are) with 3, 2 and 1 poolings in the mask; three units of
    2,048 channels; batch normalization and ReLU; global average pooling; a dense
    classifier.

    Args:
        depth: 56 (a module a stage) or 92 (1, 2 and 3). The paper prints 51.3
            million parameters for 92; its authors' file has 52.5.
        attention: of every unit's branch, as for `ResNet`.
        attention_config: constructor arguments of an attention given by name.
        attention_stages: the stages whose units have attention, of 1 to 4.
        aggregation: must be None: there is no place for a state in a module.
        aggregation_config: must be None.
        mask: "mixed", "channel" or "spatial", as for `SoftMask`.
        learning: "attention" for (1 + M) T, "naive" for M T.
        include_top: as for `ras_keras.models.image_classifier`, as are the
            arguments that follow it. The pyramid of `features_only` is "P2" to
            "P5".
        weights: a file to start from.
        input_shape: (H, W, channels), H and W at least 32.
        pooling: without the top: None, "avg" or "max".
        classes: of the classifier.
        classifier_activation: None for logits.
        features_only: whether the model gives the maps of its stages.
        mean: of each channel, in pixel units.
        variance: of each channel, in squared pixel units.
        name: of the model, "imagenet_residual_attention<depth>" if None.

    Returns:
        A functional `keras.Model` from raw pixels (N, H, W, channels) to
        (N, classes), or without the top to (N, ceil(H/32), ceil(W/32), 2048) or
        (N, 2048).

    Raises:
        ValueError: for an argument that does not fit, naming it.
        UserError: for a file of weights that is damaged.

    Source: Wang et al., arXiv 1704.06904, as its authors released it.
    """
    kind = _checked(mask, learning, imagenet_modules(depth), aggregation, aggregation_config)
    check_attention_stages(attention_stages, (1, 2, 3, 4))
    check_size(input_shape, 32)

    def body(x):
        x = relu(normalization(convolution(x, 64, 7, "stem", 2), "stem"), "stem_relu")
        x = layers.MaxPooling2D(3, 2, padding="same", name="stem_pooling")(x)
        maps = []
        for stage, filters in enumerate((256, 512, 1024, 2048), start=1):
            attend = stage_attention(attention, attention_config, stage, attention_stages)
            if stage < 4:
                x = _stage(x, filters, 4 - stage, kind, attend, stage)
            else:
                for i, strides in enumerate((2, 1, 1), start=1):
                    x = unit(x, filters, strides, attend, f"stage{stage}_unit{i}")
            maps.append(x)
        return maps

    return image_classifier(
        body,
        name or f"imagenet_residual_attention{depth}",
        end=_end,
        first_level=2,
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


def _checked(mask, learning, modules, aggregation, aggregation_config) -> _Kind:
    check_one_of("mask", mask, MASKS)
    check_one_of("learning", learning, LEARNINGS)
    check_no_aggregation(aggregation, aggregation_config)
    return _Kind(modules, mask, learning)


def check_no_aggregation(aggregation: AggregationLike, config: dict | None) -> None:
    """Refuses an aggregation: a module has no place for its state.

    Raises:
        ValueError: if one is asked for.
    """
    if aggregation not in (None, NONE) or config:
        raise ArgumentError.of(
            "aggregation", "must be None in a residual attention network", aggregation
        )


def check_size(input_shape: Sequence[int | None], least: int) -> None:
    """Refuses images that the poolings of a mask would use up.

    Raises:
        ValueError: naming the smallest.
    """
    sizes = input_shape[1:] if channel_axis() == 1 else input_shape[:-1]
    if any(is_integer(size) and size < least for size in sizes):
        raise ArgumentError.of(
            "input_shape", f"must have at least {least} rows and columns", tuple(input_shape)
        )


def _stage(x, filters, poolings, kind, attend, stage):
    """A unit and the modules of a stage."""
    x = unit(x, filters, 1 if stage == 1 else 2, attend, f"stage{stage}_first")
    for index in range(1, kind.modules.counts[stage - 1] + 1):
        x = _module(x, filters, poolings, kind, attend, f"stage{stage}_module{index}")
    return x


def _module(x, filters, poolings, kind, attend, name):
    sizes = kind.modules

    def units(x, count, where):
        for i in range(1, count + 1):
            x = unit(x, filters, 1, attend, f"{name}_{where}{i}")
        return x

    x = units(x, sizes.before, "before")
    trunk = units(x, sizes.trunk, "trunk")
    mask, skips = x, []
    for level in range(1, poolings + 1):
        skips.append(trunk if level == 1 else units(mask, 1, f"skip{level - 1}_"))
        mask = layers.MaxPooling2D(3, 2, padding="same", name=f"{name}_pooling{level}")(mask)
        count = sizes.within * (2 if level == poolings else 1)
        mask = units(mask, count, f"down{level}_")
    for level in range(poolings, 0, -1):
        mask = AlignedResizing(name=f"{name}_resizing{level}")([mask, skips[level - 1]])
        if level > 1:
            mask = layers.Add(name=f"{name}_sum{level}")([mask, skips[level - 1]])
            mask = units(mask, sizes.within, f"up{level}_")
    for i in (1, 2):
        mask = relu(normalization(mask, f"{name}_mask{i}"), f"{name}_mask{i}_relu")
        mask = convolution(mask, filters, 1, f"{name}_mask{i}")
    x = SoftMask(kind.mask, kind.learning, name=f"{name}_mask")([trunk, mask])
    return units(x, 1, "after")


def unit(x, filters: int, strides: int, attend: StageAttention, name: str):
    """A pre-activation bottleneck with attention on its branch."""
    width = filters // EXPANSION
    activated = relu(normalization(x, f"{name}_1"), f"{name}_1_relu")
    shortcut = x
    if not fits(x, filters, strides):
        shortcut = convolution(activated, filters, 1, f"{name}_shortcut", strides)
    x = convolution(activated, width, 1, f"{name}_1")
    x = relu(normalization(x, f"{name}_2"), f"{name}_2_relu")
    x = convolution(x, width, 3, f"{name}_2", strides)
    x = relu(normalization(x, f"{name}_3"), f"{name}_3_relu")
    x = attend(convolution(x, filters, 1, f"{name}_3"), name, normalized=False)
    return layers.Add(name=f"{name}_out")([x, shortcut])


def _end(x):
    return relu(normalization(x, "final"), "final_relu")


ResidualAttention56 = partial(ImageNetResidualAttention, 56)
ResidualAttention92 = partial(ImageNetResidualAttention, 92)
