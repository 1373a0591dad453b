"""Squeeze and excitation."""

import keras

from ras_keras.layers.channel_attention import ChannelAttention
from ras_keras.layers.parts.transforms import Bottleneck, reduced
from ras_keras.values.checks import check_at_least_one


@keras.saving.register_keras_serializable(package="ras_keras")
class SqueezeExcitation(ChannelAttention):
    """Squeeze and excitation (SE): two dense layers as the gate.

        X' = mean of X over height and width
        V  = sigmoid(W_2 relu(W_1 X' + b_1) + b_2)
        Y  = X * V

    W_1 is (C/r, C) and W_2 is (C, C/r). `k` applies the transform several times
    before the sigmoid, as RAS's Table 3 does; 1 is the published layer.

    Trainable parameters for C channels: 2C(C/r) + C/r + C; without biases
    2C(C/r). A connection adds 2C, `shared=False` multiplies the transform by k.

    Input and output shape: (N, H, W, C), or (N, C, H, W) with channels first; H and W
    may be unknown.

    Args:
        reduction_ratio: r, from 1 to C; C/r is rounded down.
        use_bias: whether there are biases. The original has them; a popular port
            has not.
        **kwargs: of `ChannelAttention`: `k`, `normalize_input`, `shared`,
            `connection`, `shared_connection`, `momentum`, `epsilon`,
            `data_format`, `gain`.

    Raises:
        ValueError: for a `reduction_ratio` that is no integer from 1 to C, and
            as `ChannelAttention` does.

    Source: arXiv 1709.01507, Eqs. (2) to (4).
    """

    def __init__(self, reduction_ratio: int = 16, use_bias: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.reduction_ratio = check_at_least_one("reduction_ratio", reduction_ratio)
        self.use_bias = use_bias

    def make_transform(self, channels: int, name: str) -> Bottleneck:
        hidden = reduced(channels, self.reduction_ratio)
        return Bottleneck(hidden, channels, self.use_bias, name=name)

    def get_config(self):
        return {
            **super().get_config(),
            "reduction_ratio": self.reduction_ratio,
            "use_bias": self.use_bias,
        }
