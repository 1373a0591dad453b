"""Xception, with attention and aggregation as plugs."""

from collections.abc import Sequence
from functools import partial

import keras
from keras import layers

from ras_keras.layers.registry import AttentionLike
from ras_keras.models.aggregation import AggregationLike, make_aggregation
from ras_keras.models.parts.classifier import image_classifier
from ras_keras.models.parts.layers import batch_normalize, convolution, fits, relu
from ras_keras.models.parts.stages import residual_stages

# Three stages enter, eight blocks follow in the fourth, the fifth leaves.
STAGES = (1, 2, 3, 4, 5)
FILTERS = (128, 256, 728, 728, 1024)
BLOCKS = (1, 1, 1, 8, 1)
STRIDES = (2, 2, 2, 1, 2)
LAST_FILTERS = (1536, 2048)
# The stages whose last map is the pyramid's of strides 4, 8, 16 and 32.
PYRAMID = (1, 2, 4, 5)
FIRST_LEVEL = 2
# Pixels of -1 to 1.
MEAN = (127.5,) * 3
VARIANCE = (127.5**2,) * 3


def Xception(
    attention: AttentionLike = None,
    attention_config: dict | None = None,
    attention_stages: Sequence[int] = STAGES,
    aggregation: AggregationLike = None,
    aggregation_config: dict | None = None,
    dropout: float = 0.0,
    *,
    include_top: bool = True,
    weights: str | None = None,
    input_shape: Sequence[int | None] = (299, 299, 3),
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: str | None = "softmax",
    features_only: bool = False,
    mean: Sequence[float] = MEAN,
    variance: Sequence[float] = VARIANCE,
    name: str | None = None,
) -> keras.Model:
    """Builds an Xception.

    Two 3x3 convolutions without padding, the first at stride 2; twelve blocks of
    separable 3x3 convolutions with batch normalization, a ReLU before each; two
    more separable convolutions; global average pooling; a dense classifier. The
    blocks that change the shape end in a 3x3 max pooling at stride 2 and have a
    1x1 convolution with batch normalization in their shortcut. Attention stands
    at the end of the branch.

    Aggregation in it is ours: the RLA paper names an Xception that was not
    released. The state joins behind the ReLU that a block begins with.

    Args:
        attention: as for `ResNet`.
        attention_config: constructor arguments of an attention given by name.
        attention_stages: the stages that have attention, of 1 to 5: the three
            blocks that enter, the eight of the middle, the one that leaves.
        aggregation: as for `ResNet`.
        aggregation_config: constructor arguments of an aggregation given by name.
        dropout: before the classifier, in [0, 1).
        include_top: as for `ras_keras.models.image_classifier`, as are the
            arguments that follow it. The pyramid of `features_only` is "P2" to
            "P5", of 128, 256, 728 and 1,024 channels.
        weights: a file to start from.
        input_shape: (H, W, channels); 299x299 as the paper and keras.applications have it.
        pooling: without the top: None, "avg" or "max".
        classes: of the classifier.
        classifier_activation: None for logits.
        features_only: whether the model gives the maps of its stages.
        mean: of each channel, in pixel units.
        variance: of each channel, in squared pixel units.
        name: of the model, "xception" if None.

    Returns:
        A functional `keras.Model` from raw pixels (N, H, W, channels) to
        (N, classes), or without the top to a map of 2,048 channels or (N, 2048),
        with an aggregation's channels more.

    Raises:
        ValueError: for an argument that does not fit, naming it.
        UserError: for a file of weights that is damaged.

    Source: Chollet, arXiv 1610.02357, as `keras.applications` has it.
    """
    aggregate = make_aggregation(aggregation, aggregation_config)

    def body(x):
        x = _stem(x, 32, "stem_1", 2)
        maps = residual_stages(
            _stem(x, 64, "stem_2", 1),
            _block,
            filters=FILTERS,
            blocks=BLOCKS,
            strides=STRIDES,
            attention=attention,
            attention_config=attention_config,
            attention_stages=attention_stages,
            aggregation=aggregate,
        )
        return [maps[stage - 1] for stage in PYRAMID]

    def end(x):
        for filters in LAST_FILTERS:
            x = relu(_separable(x, filters, f"last_{filters}"), f"last_{filters}_relu")
        return aggregate.leave(x)

    return image_classifier(
        body,
        name or "xception",
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


def _block(x, filters, strides, plugs, name):
    shortcut = x
    if not fits(x, filters, strides):
        shortcut = convolution(x, filters, 1, f"{name}_shortcut", strides)
        shortcut = batch_normalize(shortcut, f"{name}_shortcut")
    # The first block begins behind a ReLU, the last one widens in its second convolution.
    if name != "stage1_block1":
        x = relu(x, f"{name}_1_relu")
    x = plugs.aggregation.enter(x, name)
    widths = {"stage4": [filters] * 3, "stage5": [FILTERS[3], filters]}
    for i, width in enumerate(widths.get(name.partition("_")[0], [filters] * 2), start=1):
        if i > 1:
            x = relu(x, f"{name}_{i}_relu")
        x = _separable(x, width, f"{name}_{i}")
    if strides > 1:
        x = layers.MaxPooling2D(3, strides, padding="same", name=f"{name}_pooling")(x)
    branch = plugs.attention(x, name)
    x = layers.Add(name=f"{name}_out")([branch, shortcut])
    plugs.aggregation.update(name, strides, output=x, branch=branch, shortcut=shortcut)
    return x


def _stem(x, filters, name, strides):
    x = layers.Conv2D(filters, 3, strides, use_bias=False, name=f"{name}_conv")(x)
    return relu(batch_normalize(x, name), f"{name}_relu")


def _separable(x, filters, name):
    x = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False, name=f"{name}_conv")(x)
    return batch_normalize(x, name)


RLAXception = partial(Xception, aggregation="rla", name="rla_xception")
