"""The parts that the networks are made of."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Literal

import keras
from keras import layers

from ras_keras.layers.instance_enhancement_batch_normalization import (
    InstanceEnhancementBatchNormalization,
)
from ras_keras.layers.parts.batch_normalization import BatchNormalization
from ras_keras.values.checks import check_one_of

NormalizationLike = Literal["batch_norm", "iebn"]
NORMALIZATIONS: dict[str, type[BatchNormalization]] = {
    "batch_norm": BatchNormalization,
    "iebn": InstanceEnhancementBatchNormalization,
}
# Of the network that is being built.
_NORMALIZATION: ContextVar[type[BatchNormalization]] = ContextVar(
    "normalization", default=BatchNormalization
)


def channel_axis() -> int:
    """Where the channels are, by Keras's setting."""
    return 1 if keras.config.image_data_format() == "channels_first" else -1


def convolution_layer(
    filters: int,
    kernel_size: int,
    name: str,
    strides: int = 1,
    *,
    groups: int = 1,
    padding: str = "same",
    use_bias: bool = False,
    depthwise: bool = False,
) -> layers.Layer:
    """A convolution called `name`, with He's normal initializer over the fan-out.

    Args:
        filters: of it; a depthwise one has those of its input.
        kernel_size: of both sides.
        name: of the layer.
        strides: of both sides.
        groups: within which it works.
        padding: as Keras has it.
        use_bias: whether it has one.
        depthwise: whether it works on each channel alone.
    """
    options = {"strides": strides, "padding": padding, "use_bias": use_bias, "name": name}
    if depthwise:
        # Of a channel alone, whose fan-out is that of its kernel.
        initializer = keras.initializers.RandomNormal(stddev=(2 / kernel_size**2) ** 0.5)
        return layers.DepthwiseConv2D(kernel_size, depthwise_initializer=initializer, **options)
    initializer = keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal")
    return layers.Conv2D(
        filters, kernel_size, groups=groups, kernel_initializer=initializer, **options
    )


def convolution(
    x, filters: int, kernel_size: int, name: str, strides: int = 1, groups: int = 1, **options
):
    """A convolution `<name>_conv` of `x`, padded by (kernel_size - 1) / 2 on every side.

    Further options are those of `convolution_layer`.
    """
    padding = "same"
    if strides > 1 and kernel_size > 1:
        # At stride 2 Keras's "same" pads an even input on one side only.
        x = layers.ZeroPadding2D((kernel_size - 1) // 2, name=f"{name}_padding")(x)
        padding = "valid"
    return convolution_layer(
        filters, kernel_size, f"{name}_conv", strides, groups=groups, padding=padding, **options
    )(x)


@contextlib.contextmanager
def normalized_by(kind: NormalizationLike) -> Iterator[None]:
    """Says what `batch_normalize` puts into a network that is built within.

    Raises:
        ValueError: for a kind that does not exist.
    """
    check_one_of("normalization", kind, [*NORMALIZATIONS])
    before = _NORMALIZATION.set(NORMALIZATIONS[kind])
    try:
        yield
    finally:
        _NORMALIZATION.reset(before)


def batch_normalize(x, name: str, **options):
    """A batch normalization `<name>_bn`, with options of `BatchNormalization`."""
    return _NORMALIZATION.get()(axis=channel_axis(), name=f"{name}_bn", **options)(x)


def relu(x, name: str):
    """A ReLU called `name`."""
    return layers.ReLU(name=name)(x)


def activation_layer(activation: str, name: str) -> layers.Layer:
    """The layer of an activation that a network ends in: "relu", "relu6" or "tanh"."""
    if activation == "tanh":
        return layers.Activation("tanh", name=name)
    return layers.ReLU(6 if activation == "relu6" else None, name=name)


def fits(x, filters: int, strides: int) -> bool:
    """Whether a shortcut from `x` needs no projection."""
    return strides == 1 and x.shape[channel_axis()] == filters
