"""MobileNetV2, with attention and aggregation as plugs."""

from collections.abc import Sequence
from functools import partial

import keras
from keras import layers

from ras_keras.layers.registry import AttentionLike
from ras_keras.models.aggregation import AggregationLike, make_aggregation
from ras_keras.models.aggregation.recurrent_layer_aggregation import OPEN_VARIANTS
from ras_keras.models.parts.classifier import image_classifier
from ras_keras.models.parts.layers import (
    activation_layer,
    batch_normalize,
    channel_axis,
    convolution,
    convolution_layer,
    fits,
)
from ras_keras.models.parts.stages import residual_stages
from ras_keras.pixels import IMAGENET_MEAN, IMAGENET_VARIANCE

STEM_FILTERS = 32
LAST_FILTERS = 1280
FIRST_EXPANSION = 1
EXPANSION = 6
STAGES = (1, 2, 3, 4, 5, 6, 7)
FILTERS = (16, 24, 32, 64, 96, 160, 320)
BLOCKS = (1, 2, 3, 4, 3, 3, 1)
STRIDES = (1, 2, 2, 2, 1, 2, 1)
# The stages whose last map is the pyramid's of strides 4, 8, 16 and 32.
PYRAMID = (2, 3, 5, 7)
FIRST_LEVEL = 2


def MobileNetV2(
    attention: AttentionLike = None,
    attention_config: dict | None = None,
    attention_stages: Sequence[int] = STAGES,
    aggregation: AggregationLike = None,
    aggregation_config: dict | None = None,
    dropout: float = 0.2,
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
    """Builds a MobileNetV2 of width 1.

    A 3x3 stem of 32 filters at stride 2; seven stages of inverted residual
    blocks; a 1x1 convolution to 1,280 channels; global average pooling; a dense
    classifier. A block is a 1x1 convolution to six times its channels (the
    first block has none), a depthwise 3x3 and a 1x1 convolution, each with
    batch normalization and all but the last with a ReLU6; a block that keeps
    the shape adds its input. Attention stands behind the last normalization.

    An aggregation's state joins behind the expansion, before the depthwise
    convolution, as its authors released it; what they set differs from the
    ResNets: `update_from="branch"`, `shared="network"` and `depthwise=True`
    (`False` is their full recurrent convolution). ECA has their kernels, of
    size 1 below 96 channels, else 3, if `attention_config` says nothing else.

    Args:
        attention: as for `ResNet`.
        attention_config: constructor arguments of an attention given by name.
        attention_stages: the stages that have attention, of 1 to 7.
        aggregation: as for `ResNet`.
        aggregation_config: constructor arguments of an aggregation given by name.
        dropout: before the classifier, in [0, 1).
        include_top: as for `ras_keras.models.image_classifier`, as are the
            arguments that follow it. The pyramid of `features_only` is "P2" to
            "P5", of 24, 32, 96 and 320 channels.
        weights: a file to start from.
        input_shape: (H, W, channels).
        pooling: without the top: None, "avg" or "max".
        classes: of the classifier.
        classifier_activation: None for logits.
        features_only: whether the model gives the maps of its stages.
        mean: of each channel, in pixel units.
        variance: of each channel, in squared pixel units.
        name: of the model, "mobilenet_v2" if None.

    Returns:
        A functional `keras.Model` from raw pixels (N, H, W, channels) to
        (N, classes), or without the top to (N, ceil(H/32), ceil(W/32), 1280) or
        (N, 1280).

    Raises:
        ValueError: for an argument that does not fit, naming it.
        UserError: for a file of weights that is damaged.

    Source: Sandler et al., arXiv 1801.04381; with aggregation, arXiv 2110.11852.
    """
    given = aggregation_config or {}
    released: dict = {"shared": "network"}
    # Where the options leave these open.
    if given.get("variant", "released") in OPEN_VARIANTS:
        released["update_from"] = "branch"
    if given.get("cell", "conv") == "conv":
        released["depthwise"] = True
    aggregate = make_aggregation(aggregation, aggregation_config, **released)
    configs: dict | list[dict | None] | None = attention_config
    if attention == "eca":
        configs = [
            {"kernel_size": 1 if filters < 96 else 3, **(attention_config or {})}
            for filters in FILTERS
        ]

    def body(x):
        maps = residual_stages(
            _unit(x, STEM_FILTERS, 3, "stem", 2),
            _inverted_residual,
            filters=FILTERS,
            blocks=BLOCKS,
            strides=STRIDES,
            attention=attention,
            attention_config=configs,
            attention_stages=attention_stages,
            aggregation=aggregate,
        )
        return [maps[stage - 1] for stage in PYRAMID]

    def end(x):
        return _unit(aggregate.leave(x, "relu6"), LAST_FILTERS, 1, "last")

    return image_classifier(
        body,
        name or "mobilenet_v2",
        end=end,
        first_level=FIRST_LEVEL,
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


def _inverted_residual(x, filters, strides, plugs, name):
    shortcut = x if fits(x, filters, strides) else None
    expansion = FIRST_EXPANSION if name == "stage1_block1" else EXPANSION
    if expansion > 1:
        x = _unit(x, expansion * x.shape[channel_axis()], 1, f"{name}_expand")
    x = plugs.aggregation.enter(x, name)
    if strides > 1:
        x = layers.ZeroPadding2D(1, name=f"{name}_depthwise_padding")(x)
    padding = "same" if strides == 1 else "valid"
    x = convolution_layer(
        x.shape[channel_axis()],
        3,
        f"{name}_depthwise_conv",
        strides,
        padding=padding,
        depthwise=True,
    )(x)
    x = _relu6(batch_normalize(x, f"{name}_depthwise"), f"{name}_depthwise")
    branch = batch_normalize(convolution(x, filters, 1, f"{name}_project"), f"{name}_project")
    branch = plugs.attention(branch, name)
    x = branch if shortcut is None else layers.Add(name=f"{name}_out")([branch, shortcut])
    plugs.aggregation.update(name, strides, output=x, branch=branch, shortcut=shortcut)
    return x


def _unit(x, filters, kernel_size, name, strides=1):
    x = convolution(x, filters, kernel_size, name, strides)
    return _relu6(batch_normalize(x, name), name)


def _relu6(x, name):
    return activation_layer("relu6", f"{name}_relu6")(x)


RLAMobileNetV2 = partial(MobileNetV2, aggregation="rla", name="rla_mobilenet_v2")
