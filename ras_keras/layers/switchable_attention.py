"""The switchable excitation module."""

import keras
from keras import ops

from ras_keras.layers.attention import Attention, Tensor
from ras_keras.layers.efficient_channel_attention import adaptive_kernel_size
from ras_keras.layers.parts.transforms import Bottleneck, ChannelConvolution, Linear, dense, reduced
from ras_keras.layers.recurrent_attention import BETA_START
from ras_keras.values.checks import check_at_least_one


@keras.saving.register_keras_serializable(package="ras_keras")
class SwitchableAttention(Attention):
    """Switchable excitation module (SEM): an image weighs three transforms.

        X' = mean of X over height and width
        s  = sigmoid(W X' + b)                               (N, 3)
        V  = sigmoid(s_1 f(X')) sigmoid(s_2 e(X')) sigmoid(s_3 g(X'))
        Y  = X * V

    f is the bottleneck of squeeze and excitation, e the adaptive convolution of
    efficient channel attention, and g(v) = v * gamma + beta with gamma started
    at 0 and beta at -1. It is applied once: it has no recurrence.

    Trainable parameters for C channels: 3C + 3 for the switch, 2C(C/r) + C/r + C
    for f, the kernel's size for e, 2C for g.

    Input and output shape: (N, H, W, C), or (N, C, H, W) with channels first; H and W
    may be unknown.

    Args:
        reduction_ratio: r of f, from 1 to C; C/r is rounded down.
        data_format: "channels_last", "channels_first" or None for Keras's
            setting.
        gain: what the gate is multiplied by; 1 as published.

    Raises:
        ValueError: for a `reduction_ratio` that is no integer from 1 to C, and
            as `Attention` does.

    Source: arXiv 2209.05680, as its authors' code has it.
    """

    def __init__(self, reduction_ratio: int = 16, **kwargs):
        super().__init__(**kwargs)
        self.reduction_ratio = check_at_least_one("reduction_ratio", reduction_ratio)

    def build(self, input_shape):
        channels = self.fix_channels(input_shape)
        self.switch = dense(channels, 3, name="switch")
        self.bottleneck = Bottleneck(
            reduced(channels, self.reduction_ratio), channels, name="bottleneck"
        )
        self.convolution = ChannelConvolution(adaptive_kernel_size(channels), name="convolution")
        self.linear = Linear("zeros", keras.initializers.Constant(BETA_START), name="linear")
        for transform in self.transforms:
            transform.build((None, channels))
        self.built = True

    @property
    def transforms(self) -> tuple[keras.layers.Layer, ...]:
        """Those that the switches weigh, in their order."""
        return self.bottleneck, self.convolution, self.linear

    def gate(self, x: Tensor, training: bool | None = False) -> Tensor:
        """V, the gate that the layer applies to `x`: float32 of shape (N, C)."""
        self.make_built(x)
        v = self.pool(x)
        switches = ops.split(ops.sigmoid(self.switch(v)), 3, axis=1)
        gate = 1.0
        for switch, transform in zip(switches, self.transforms, strict=True):
            gate = gate * ops.sigmoid(switch * transform(v))
        return gate

    def call(self, x):
        return self.scale(x, self.gate(x))

    def start_constant(self) -> float:
        for transform in self.transforms:
            transform.end_in_zero()
        return 0.125

    def get_config(self):
        return {**super().get_config(), "reduction_ratio": self.reduction_ratio}
