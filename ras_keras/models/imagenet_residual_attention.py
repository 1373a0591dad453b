"""The residual attention network at ImageNet size."""

from collections.abc import Sequence
from functools import partial
from typing import Literal

import keras
from keras import layers

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
from ras_keras.models.parts.stages import (
    Depths,
    check_attention_stages,
    check_depth,
    stage_attention,
)
from ras_keras.pixels import IMAGENET_MEAN, IMAGENET_VARIANCE

# Modules of the stages, by the depth.
DEPTHS = {56: Modules((1, 1, 1)), 92: Modules((1, 2, 3))}


def modules(depth: int) -> Modules:
    """The modules of a network of this depth for ImageNet.

    Raises:
        ValueError: for another depth.
    """
    check_depth(depth, DEPTHS)
    return DEPTHS[depth]


def depths() -> Depths:
    return Depths(published=56, least=56, check=modules)


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
    sizes, combine = modules(depth), partial(SoftMask, mask, learning)
    check_no_aggregation(aggregation, aggregation_config)
    check_attention_stages(attention_stages, (1, 2, 3, 4))
    check_size(input_shape, 32)

    def body(x):
        x = relu(batch_normalize(convolution(x, 64, 7, "stem", 2), "stem"), "stem_relu")
        x = layers.MaxPooling2D(3, 2, padding="same", name="stem_pooling")(x)
        maps = []
        for stage, filters in enumerate((256, 512, 1024, 2048), start=1):
            attend = stage_attention(attention, attention_config, stage, attention_stages)
            if stage < 4:
                x = stage_of_modules(x, filters, 4 - stage, sizes, combine, attend, stage)
            else:
                for i, strides in enumerate((2, 1, 1), start=1):
                    x = unit(x, filters, strides, attend, f"stage{stage}_unit{i}")
            maps.append(x)
        return maps

    return image_classifier(
        body,
        name or f"imagenet_residual_attention{depth}",
        end=final_activation,
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


ResidualAttention56 = partial(ImageNetResidualAttention, 56)
ResidualAttention92 = partial(ImageNetResidualAttention, 92)
