"""The parts that the networks are made of."""

import keras
from keras import layers

from ras_keras.layers.parts.batch_normalization import BatchNormalization


def channel_axis() -> int:
    """Where the channels are, by Keras's setting."""
    return 1 if keras.config.image_data_format() == "channels_first" else -1


def convolution(x, filters: int, kernel_size: int, name: str, strides: int = 1, groups: int = 1):
    """A convolution `<name>_conv` without bias, padded by (kernel_size - 1) / 2 on every side."""
    padding = "same"
    if strides > 1 and kernel_size > 1:
        # At stride 2 Keras's "same" pads an even input on one side only.
        x = layers.ZeroPadding2D((kernel_size - 1) // 2, name=f"{name}_padding")(x)
        padding = "valid"
    return layers.Conv2D(
        filters,
        kernel_size,
        strides,
        padding,
        groups=groups,
        use_bias=False,
        kernel_initializer=keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal"),
        name=f"{name}_conv",
    )(x)


def normalization(x, name: str):
    """A batch normalization `<name>_bn`."""
    return BatchNormalization(axis=channel_axis(), name=f"{name}_bn")(x)


def relu(x, name: str):
    """A ReLU called `name`."""
    return layers.ReLU(name=name)(x)


def fits(x, filters: int, strides: int) -> bool:
    """Whether a shortcut from `x` needs no projection."""
    return strides == 1 and x.shape[channel_axis()] == filters
