"""Convolutional cells: one step of a recurrence whose state is a map."""

import keras
from keras import layers, ops

from ras_keras.values.checks import check_at_least_one

# Of the published cell's normalizations.
EPSILON = 1e-6


class _Cell(layers.Layer):
    """What both cells have: channels, an axis, and convolutions of a map and the state."""

    def __init__(self, channels: int, axis: int = -1, **kwargs):
        super().__init__(**kwargs)
        self.channels = check_at_least_one("channels", channels)
        self.axis = axis

    def _convolution(self, filters: int, input_channels: int, use_bias: bool, name: str):
        layer = layers.Conv2D(
            filters,
            3,
            padding="same",
            use_bias=use_bias,
            data_format="channels_first" if self.axis == 1 else "channels_last",
            kernel_initializer=keras.initializers.VarianceScaling(
                2.0, "fan_out", "untruncated_normal"
            ),
            dtype=self.dtype_policy,
            name=name,
        )
        shape: list[int | None] = [None] * 4
        shape[self.axis] = input_channels + self.channels
        layer.build(tuple(shape))
        return layer

    def _joined(self, *maps):
        return ops.concatenate(maps, axis=self.axis)

    def get_config(self):
        return {**super().get_config(), "channels": self.channels, "axis": self.axis}


@keras.saving.register_keras_serializable(package="ras_keras")
class ConvolutionalLSTMCell(_Cell):
    """One step of a convolutional LSTM.

        i, f, o, g = W * cat(x, h)                 a 3x3 convolution without bias
        c' = sigmoid(f) c + sigmoid(i) tanh(g)
        h' = sigmoid(o) tanh(c')

    Trainable parameters for C input channels: 36 (C + channels) channels.

    Args:
        channels: of h and c, an integer >= 1.
        axis: of the channels, -1 or 1.

    Input shape: [x, h, c], with (N, H, W, C) and (N, H, W, channels) twice, or
    channels first with axis 1.

    Output shape: h' and c', as h.

    Source: arXiv 1506.04214 without peepholes, as the authors of arXiv
    2110.11852 released it.
    """

    def build(self, input_shape):
        self.gates = self._convolution(4 * self.channels, input_shape[0][self.axis], False, "gates")
        self.built = True

    def call(self, inputs):
        x, h, c = inputs
        i, f, o, g = ops.split(self.gates(self._joined(x, h)), 4, axis=self.axis)
        c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
        return ops.sigmoid(o) * ops.tanh(c), c

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[1]), tuple(input_shape[2])


@keras.saving.register_keras_serializable(package="ras_keras")
class ConvolutionalGRUCell(_Cell):
    """One step of a convolutional GRU, normalized over all channels and pixels of an image.

        r, u = sigmoid(GN_r(W_r * cat(x, h))), sigmoid(GN_u(W_u * cat(x, h)))
        h'   = u h + (1 - u) tanh(GN_c(W_c * cat(x, r h)))

    W_r, W_u and W_c are 3x3 convolutions with biases; GN is a group
    normalization with one group.

    Trainable parameters for C input channels: 27 (C + channels) channels + 9 channels.

    Args:
        channels: of h, an integer >= 1.
        axis: of the channels, -1 or 1.

    Input shape: [x, h], with (N, H, W, C) and (N, H, W, channels), or channels
    first with axis 1.

    Output shape: as h.

    Source: arXiv 1511.06432, with the normalizations that the authors of arXiv
    2110.11852 released.
    """

    def build(self, input_shape):
        channels = input_shape[0][self.axis]
        self.gates = self._convolution(2 * self.channels, channels, True, "gates")
        self.candidate = self._convolution(self.channels, channels, True, "candidate")
        self.normalizations = {}
        for name in ("reset", "update", "candidate"):
            layer = layers.GroupNormalization(
                1, axis=self.axis, epsilon=EPSILON, dtype=self.dtype_policy, name=f"{name}_gn"
            )
            layer.build(tuple(input_shape[1]))
            self.normalizations[name] = layer
        self.built = True

    def call(self, inputs):
        x, h = inputs
        reset, update = ops.split(self.gates(self._joined(x, h)), 2, axis=self.axis)
        reset = ops.sigmoid(self.normalizations["reset"](reset))
        update = ops.sigmoid(self.normalizations["update"](update))
        candidate = self.candidate(self._joined(x, reset * h))
        candidate = ops.tanh(self.normalizations["candidate"](candidate))
        return update * h + (1 - update) * candidate

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[1])
