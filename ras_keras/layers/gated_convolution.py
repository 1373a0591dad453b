"""A 1x1 convolution and the gate behind it, in one."""

import keras
from keras import ops

from ras_keras.errors import ArgumentError
from ras_keras.layers.attention import Attention, Tensor

# Of 1 / V the logarithm: a gate below 2e-12 counts as that.
LARGEST = 27.0


@keras.saving.register_keras_serializable(package="ras_keras")
class GatedConvolution(Attention):
    """A 1x1 convolution whose output a gate of its own scales, for inference.

        Z = X W + b                           (N, H, W, filters)
        V = sigmoid(Z' * gamma + beta)        (N, filters), Z' the mean of Z
        Y = activation(Z * V + shortcut)      (N, H, W, filters)

    A mean and a 1x1 convolution commute, so that the mean is taken of X, which
    in a bottleneck has a quarter of Z's channels: Z' = X' W + b. And as V > 0,

        Y = activation(Z + shortcut / V) * V,

    which is faster where all before the last product is one pass over memory,
    as in TensorFlow on a CPU.

    Args:
        filters: channels of the output.
        activation: "relu" or None.
        divide: compute Y by the last line; not for float16, whose range is too
            small.
        data_format: "channels_last", "channels_first" or None for Keras's
            setting.

    Input shape: (N, H, W, C), or (N, C, H, W) with channels first; or a list of
    such a map and the shortcut, whose shape is the output's.

    Output shape: that of the map, with `filters` channels.

    Source: arXiv 2210.15676, Eq. (5): with fixed statistics its k applications
    are one affine map per channel.
    """

    def __init__(self, filters: int, activation: str | None = None, divide: bool = True, **kwargs):
        super().__init__(**kwargs)
        if self.gain != 1:
            raise ArgumentError.of("gain", "must be 1: folding takes it into the kernel", self.gain)
        self.filters = filters
        if activation not in ("relu", None):
            raise ValueError(f"`activation` must be 'relu' or None. Received: {activation!r}")
        self.activation = activation
        self.divide = divide
        self.convolution = keras.layers.Conv2D(
            filters, 1, data_format=self.data_format, dtype=self.dtype_policy, name="convolution"
        )

    def build(self, input_shape):
        x, *_ = _parts(input_shape)
        self.channels(x)
        self.convolution.build(x)
        options = {"dtype": "float32", "autocast": False}
        self.gamma = self.add_weight((self.filters,), "zeros", name="gamma", **options)
        self.beta = self.add_weight((self.filters,), "zeros", name="beta", **options)
        self.built = True

    def gate(self, inputs: Tensor | list[Tensor]) -> Tensor:
        """V, the gate that the layer applies: float32 of shape (N, filters)."""
        x, *_ = _parts(inputs)
        return ops.sigmoid(self._logits(x))

    def _logits(self, x):
        kernel, bias = (
            ops.cast(weight, "float32")
            for weight in (self.convolution.kernel[0, 0], self.convolution.bias)
        )
        z = ops.matmul(self.pool(x), kernel) + bias
        return z * self.gamma + self.beta

    def call(self, inputs):
        x, *shortcut = _parts(inputs)
        z, logits = self.convolution(x), self._logits(x)
        if not self.divide:
            return self._activate(sum(shortcut, self.scale(z, ops.sigmoid(logits))))
        logits = ops.maximum(logits, -LARGEST)
        v, inverse = ops.sigmoid(logits), 1 + ops.exp(-logits)
        z = sum((self.scale(each, inverse) for each in shortcut), z)
        return self.scale(self._activate(z), v)

    def _activate(self, x):
        return ops.relu(x) if self.activation else x

    def compute_output_shape(self, input_shape):
        x, *_ = _parts(input_shape)
        shape = list(x)
        shape[self.axis] = self.filters
        return tuple(shape)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "activation": self.activation,
            "divide": self.divide,
        }


def _parts(inputs):
    """The map, and the shortcut if there is one; of tensors or of their shapes."""
    several = isinstance(inputs, list | tuple) and not isinstance(inputs[-1], int)
    return inputs if several else [inputs]
