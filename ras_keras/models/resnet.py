"""The CIFAR bottleneck ResNet, post-activation, with attention as a plug."""

from collections.abc import Sequence
from functools import partial

import keras
from keras import layers

from ras_keras.layers.batch_normalization import BatchNormalization
from ras_keras.layers.registry import Attention, make_attention
from ras_keras.loading import check_model_file
from ras_keras.pixels import CIFAR10_MEAN, CIFAR10_VARIANCE

STAGE_FILTERS = (16, 32, 64)
EXPANSION = 4


def blocks_per_stage(depth: int) -> int:
    """n of depth = 9n + 2.

    Raises:
        ValueError: naming the two nearest depths that fit.
    """
    if isinstance(depth, int) and depth >= 11 and depth % 9 == 2:
        return depth // 9
    nearest = ""
    if isinstance(depth, int):
        below = max(11, (depth - 2) // 9 * 9 + 2)
        nearest = f"; the nearest are {below} and {below + 9}"
    raise ValueError(
        f"`depth` must be an integer 9n+2 with n >= 1 blocks a stage{nearest}. "
        f"Received: depth={depth!r}"
    )


def ResNet(
    depth: int = 164,
    attention: Attention = "ras",
    attention_config: dict | None = None,
    include_top: bool = True,
    weights: str | None = None,
    input_shape: Sequence[int | None] = (32, 32, 3),
    pooling: str | None = None,
    classes: int = 10,
    classifier_activation: str | None = "softmax",
    mean: Sequence[float] = CIFAR10_MEAN,
    variance: Sequence[float] = CIFAR10_VARIANCE,
    name: str | None = None,
) -> keras.Model:
    """Builds a bottleneck ResNet for small images, with attention in every block.

    A 3x3 stem of 16 filters; three stages of n = (depth - 2) / 9 blocks with 64,
    128 and 256 channels at strides 1, 2 and 2; global average pooling; a dense
    classifier. A block is 1x1, 3x3 and 1x1 convolutions, each with batch
    normalization, then attention, the addition of the shortcut and a ReLU.
    The first block of a stage has a 1x1 convolution in its shortcut.

    The network takes raw pixels, 0..255: normalization is its first layer.

    Args:
        depth: 9n + 2 convolution and dense layers.
        attention: None, a name ("ras"), or a callable that makes a layer from
            (N, H, W, C) to (N, H, W, C), called once a block.
        attention_config: constructor arguments of an attention given by name.
        include_top: whether pooling and the classifier are part of it.
        weights: path of a saved `.keras` model or `.weights.h5` file to start
            from, or None for a random start.
        input_shape: (H, W, channels), or (channels, H, W) if Keras is set to
            channels first; H and W may be None.
        pooling: without the top, what ends the network: None for the last map,
            "avg" or "max" for a vector.
        classes: of the classifier.
        classifier_activation: of the classifier; None for logits.
        mean: of each channel, in pixel units.
        variance: of each channel, in squared pixel units.
        name: of the model, "resnet<depth>" if None.

    Returns:
        A functional `keras.Model` from (N, H, W, channels) to (N, classes), or
        without the top to (N, ceil(H/4), ceil(W/4), 256) or (N, 256).

    Raises:
        ValueError: for an argument that does not fit, naming it.
        UserError: for a `.keras` file of weights that is damaged.

    Source: He et al., arXiv 1512.03385, in the bottleneck form of the RAS paper,
    arXiv 2210.15676; published initializers (He normal over the fan-out,
    uniform within 1/sqrt(fan-in) for the classifier).
    """
    blocks = blocks_per_stage(depth)
    input_shape = _checked_input_shape(input_shape, mean, variance)
    if not isinstance(classes, int) or classes < 1:
        raise ValueError(f"`classes` must be an integer >= 1. Received: classes={classes!r}")
    if pooling not in (None, "avg", "max"):
        raise ValueError(f"`pooling` must be None, 'avg' or 'max'. Received: pooling={pooling!r}")

    inputs = keras.Input(input_shape, name="images")
    x = layers.Normalization(
        axis=_channel_axis(), mean=mean, variance=variance, dtype="float32", name="normalization"
    )(inputs)
    x = _convolution(x, 16, 3, "stem")
    x = layers.ReLU(name="stem_relu")(x)
    for stage, filters in enumerate(STAGE_FILTERS, start=1):
        for block in range(1, blocks + 1):
            x = _bottleneck(
                x,
                filters,
                strides=2 if block == 1 and stage > 1 else 1,
                project=block == 1,
                attention=partial(make_attention, attention, attention_config),
                name=f"stage{stage}_block{block}",
            )
    if include_top or pooling == "avg":
        x = layers.GlobalAveragePooling2D(name="average_pooling")(x)
    elif pooling == "max":
        x = layers.GlobalMaxPooling2D(name="max_pooling")(x)
    if include_top:
        x = _classifier(x, classes, classifier_activation)
    model = keras.Model(inputs, x, name=name or f"resnet{depth}")
    if weights is not None:
        if str(weights).endswith(".keras"):
            check_model_file(weights)
        model.load_weights(weights)
    return model


def ResNet83(attention: Attention = "ras", name: str = "resnet83", **kwargs) -> keras.Model:
    """`ResNet` of depth 83; takes the arguments of `ResNet`."""
    return ResNet(83, attention, name=name, **kwargs)


def ResNet164(attention: Attention = "ras", name: str = "resnet164", **kwargs) -> keras.Model:
    """`ResNet` of depth 164; takes the arguments of `ResNet`."""
    return ResNet(164, attention, name=name, **kwargs)


def _bottleneck(x, filters, *, strides, project, attention, name):
    width = EXPANSION * filters
    shortcut = _convolution(x, width, 1, f"{name}_shortcut", strides) if project else x
    x = _convolution(x, filters, 1, f"{name}_1")
    x = layers.ReLU(name=f"{name}_1_relu")(x)
    x = _convolution(x, filters, 3, f"{name}_2", strides)
    x = layers.ReLU(name=f"{name}_2_relu")(x)
    x = _convolution(x, width, 1, f"{name}_3")
    layer = attention(f"{name}_attention")
    if layer is not None:
        x = layer(x)
    x = layers.Add(name=f"{name}_add")([x, shortcut])
    return layers.ReLU(name=f"{name}_out")(x)


def _convolution(x, filters, kernel_size, name, strides=1):
    """A convolution padded by (kernel_size - 1) / 2 on every side, and its normalization."""
    padding = "same"
    if strides > 1 and kernel_size > 1:
        # At stride 2 Keras's "same" pads an even input on one side only.
        x = layers.ZeroPadding2D((kernel_size - 1) // 2, name=f"{name}_padding")(x)
        padding = "valid"
    x = layers.Conv2D(
        filters,
        kernel_size,
        strides,
        padding,
        use_bias=False,
        kernel_initializer=keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal"),
        name=f"{name}_conv",
    )(x)
    return BatchNormalization(axis=_channel_axis(), name=f"{name}_bn")(x)


def _classifier(x, classes, activation):
    limit = x.shape[-1] ** -0.5
    return layers.Dense(
        classes,
        activation,
        kernel_initializer=keras.initializers.RandomUniform(-limit, limit),
        bias_initializer=keras.initializers.RandomUniform(-limit, limit),
        dtype="float32",
        name="predictions",
    )(x)


def _channel_axis():
    return 1 if keras.config.image_data_format() == "channels_first" else -1


def _checked_input_shape(input_shape, mean, variance):
    shape = tuple(input_shape)
    if len(shape) != 3 or shape[0 if _channel_axis() == 1 else 2] is None:
        raise ValueError(
            "`input_shape` must hold height, width and a known number of channels, such as "
            f"(32, 32, 3). Received: input_shape={shape}"
        )
    channels = shape[0 if _channel_axis() == 1 else 2]
    if not len(mean) == len(variance) == channels:
        raise ValueError(
            f"`mean` and `variance` must have a number for each of the {channels} channels of "
            f"input_shape={shape}. Received: mean={tuple(mean)}, variance={tuple(variance)}"
        )
    return shape
