"""The transforms that gates are made of: float32 layers over a vector of channels."""

from typing import Any

import keras
from keras import initializers, ops

from ras_keras.errors import ArgumentError
from ras_keras.values.checks import check_at_least_one

GAMMA_OFF_ZERO = 0.1


class Linear(keras.layers.Layer):
    """v * gamma + beta, one gamma and one beta per channel: (N, C) to (N, C).

    Source: arXiv 2210.15676, Eq. (4).
    """

    def __init__(self, gamma_initializer, beta_initializer, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.gamma_initializer = gamma_initializer
        self.beta_initializer = beta_initializer

    def build(self, input_shape):
        shape = (input_shape[-1],)
        self.gamma = self.add_weight(shape, self.gamma_initializer, name="gamma")
        self.beta = self.add_weight(shape, self.beta_initializer, name="beta")
        self.built = True

    def call(self, v):
        return v * self.gamma + self.beta

    def slope(self, v, training=False):
        """|dy/dv| of each channel, (C,)."""
        return ops.abs(self.gamma)

    def end_in_zero(self):
        set_to_zero(self)

    def map_zero_to_zero(self):
        """Sets beta to 0, and gamma to 0.1 where it was 0 and no gradient would pass."""
        set_to(self.beta, 0.0)
        gamma = ops.convert_to_tensor(self.gamma)
        self.gamma.assign(ops.where(gamma == 0, GAMMA_OFF_ZERO, gamma))


class Bottleneck(keras.layers.Layer):
    """Two dense layers with a ReLU between: (N, inputs) to (N, outputs).

    Kernels start uniform within 1 / sqrt(fan-in).

    Args:
        hidden: units of the first.
        outputs: units of the second.
        use_bias: whether they have biases.
        bias_initializer: of the biases; None starts them as the kernels.
    """

    def __init__(self, hidden, outputs, use_bias=True, bias_initializer=None, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.hidden = hidden
        self.outputs = outputs
        self.use_bias = use_bias
        self.bias_initializer = bias_initializer

    def build(self, input_shape):
        inputs = input_shape[-1]
        options = {"use_bias": self.use_bias, "bias_initializer": self.bias_initializer}
        self.reduce = dense(inputs, self.hidden, name="reduce", **options)
        self.expand = dense(self.hidden, self.outputs, name="expand", **options)
        self.built = True

    def end_in_zero(self):
        set_to_zero(self.expand)

    def call(self, v):
        return self.expand(ops.relu(self.reduce(v)))


class ChannelConvolution(keras.layers.Layer):
    """A one-dimensional convolution along the channels: (N, C) to (N, C).

    Zero padding, no bias; the kernel starts uniform within 1 / sqrt(its size).

    Args:
        kernel_size: odd and at most C.

    Source: arXiv 1910.03151.
    """

    def __init__(self, kernel_size, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.convolution = keras.layers.Conv1D(
            1,
            kernel_size,
            padding="same",
            use_bias=False,
            kernel_initializer=uniform_over_fan_in(),
            data_format="channels_last",
            dtype="float32",
            name="convolution",
        )

    def build(self, input_shape):
        self.convolution.build((*input_shape, 1))
        self.built = True

    def end_in_zero(self):
        set_to_zero(self)

    def map_zero_to_zero(self):
        """It does: it has no bias."""

    def call(self, v):
        return ops.squeeze(self.convolution(ops.expand_dims(v, -1)), -1)


def dense(
    inputs, units, *, name, use_bias=True, kernel_initializer=None, bias_initializer=None
) -> keras.layers.Dense:
    """A built float32 dense layer that starts uniform within 1 / sqrt(inputs) unless given."""
    limit = inputs**-0.5
    layer = keras.layers.Dense(
        units,
        use_bias=use_bias,
        kernel_initializer=kernel_initializer or uniform_over_fan_in(),
        bias_initializer=bias_initializer or initializers.RandomUniform(-limit, limit),
        dtype="float32",
        name=name,
    )
    layer.build((None, inputs))
    return layer


def set_to_zero(layer: keras.layers.Layer) -> None:
    """Sets the trainable weights of a built layer to 0: what it returns is then 0."""
    for weight in layer.trainable_weights:
        set_to(weight, 0.0)


def set_to(weight: keras.Variable, value: float) -> None:
    """Sets every number of a weight."""
    weight.assign(ops.full(weight.shape, value, weight.dtype))


def uniform_over_fan_in() -> initializers.Initializer:
    """Uniform within 1 / sqrt(fan-in), the start of the published code's dense layers."""
    return initializers.VarianceScaling(1 / 3, "fan_in", "uniform")


def reduced(channels: int, reduction_ratio: int) -> int:
    """C / r, rounded down.

    Raises:
        ValueError: if r is larger than C.
    """
    if reduction_ratio > channels:
        raise ArgumentError.of(
            "reduction_ratio",
            f"must be at most the number of channels, here {channels}",
            reduction_ratio,
        )
    return channels // reduction_ratio


# Of a kernel: no memory would hold a square of more.
MOST_PLACES = 4095


def check_odd(name: str, value: Any) -> int:
    """`value` as an int.

    Raises:
        ValueError: if it is no odd integer >= 1, or larger than any map or vector needs.
    """
    if check_at_least_one(name, value, MOST_PLACES) % 2 == 0:
        raise ArgumentError.of(name, "must be odd", value)
    return int(value)
