"""Efficient channel attention."""

import math

import keras

from ras_keras.errors import ArgumentError
from ras_keras.layers.channel_attention import ChannelAttention
from ras_keras.layers.parts.transforms import ChannelConvolution, check_odd


@keras.saving.register_keras_serializable(package="ras_keras")
class EfficientChannelAttention(ChannelAttention):
    """Efficient channel attention (ECA): a convolution along the channels as the gate.

        X' = mean of X over height and width
        V  = sigmoid(w * X')        a kernel of odd size over neighbouring channels
        Y  = X * V

    The adaptive size is |(log2(C) + 1) / 2| rounded down, plus 1 if that is
    even: 3 at C = 64, 5 at 128 and 256. The published ImageNet networks use 3
    throughout. `k` applies the convolution several times before the sigmoid, as
    RAS's Table 3 does; 1 is the published layer.

    Trainable parameters: the kernel's size, whatever C. A connection adds 2C,
    `shared=False` multiplies the kernel by k.

    Input and output shape: (N, H, W, C), or (N, C, H, W) with channels first; H and W
    may be unknown.

    Args:
        kernel_size: odd, at most C; None for the adaptive size.
        **kwargs: of `ChannelAttention`: `k`, `normalize_input`, `shared`,
            `connection`, `shared_connection`, `momentum`, `epsilon`,
            `data_format`, `gain`.

    Raises:
        ValueError: for a `kernel_size` that is even or larger than C, and as
            `ChannelAttention` does.

    Source: arXiv 1910.03151, Eqs. (9) and (12).
    """

    def __init__(self, kernel_size: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.kernel_size = None if kernel_size is None else check_odd("kernel_size", kernel_size)

    def make_transform(self, channels: int, name: str) -> ChannelConvolution:
        kernel_size = self.kernel_size or adaptive_kernel_size(channels)
        if kernel_size > channels:
            raise ArgumentError.of(
                "kernel_size",
                f"must be at most the number of channels, here {channels}",
                kernel_size,
            )
        return ChannelConvolution(kernel_size, name=name)

    def get_config(self):
        return {**super().get_config(), "kernel_size": self.kernel_size}


def adaptive_kernel_size(channels: int) -> int:
    """The nearest odd size that ECA takes for C channels, arXiv 1910.03151, Eq. (12)."""
    size = int(abs((math.log2(channels) + 1) / 2))
    return size if size % 2 else size + 1
