"""Spatial pyramid attention."""

import keras
from keras import ops

from ras_keras.layers.attention import Tensor
from ras_keras.layers.parts.window_means import adaptive_windows
from ras_keras.layers.squeeze_excitation import SqueezeExcitation

LEVELS = (1, 2, 4)
CELLS = sum(bins**2 for bins in LEVELS)


@keras.saving.register_keras_serializable(package="ras_keras")
class SpatialPyramidAttention(SqueezeExcitation):
    """Spatial pyramid attention (SPA): the gate sees means over 1, 2x2 and 4x4 bins.

        P  = means of X over the bins of the three levels    (N, 21C)
        V  = sigmoid(W_2 relu(W_1 P))                        (N, C)
        Y  = X * V

    W_1 is (C/r, 21C) and W_2 is (C, C/r). Bins of a side that 4 does not divide
    overlap by a pixel, as in adaptive pooling.

    No paper defines the recurrence that RAS's Table 3 reports, for the transform
    maps 21C numbers to C. Here, with `k` > 1, the C-vector counts as a 1x1 map:
    all its 21 bins hold that vector. With `normalize_input=True` the first
    connection works on all 21C numbers.

    Trainable parameters for C channels: 22C(C/r), with biases C/r + C more. A
    connection adds 2C, the one on the input 42C; `shared=False` multiplies the
    transform by k.

    Input and output shape: (N, H, W, C), or (N, C, H, W) with channels first; H and W
    may be unknown.

    Args:
        reduction_ratio: r, from 1 to C; C/r is rounded down.
        use_bias: whether there are biases; the original has none.
        **kwargs: of `ChannelAttention`: `k`, `normalize_input`, `shared`,
            `connection`, `shared_connection`, `momentum`, `epsilon`,
            `data_format`, `gain`.

    Raises:
        ValueError: for a `reduction_ratio` that is no integer from 1 to C, for
            one shared connection on input and output, which differ in width, and
            as `ChannelAttention` does.

    Source: SPANet, ICME 2020, the variant on a branch's output.
    """

    def __init__(self, reduction_ratio: int = 16, use_bias: bool = False, **kwargs):
        super().__init__(reduction_ratio, use_bias, **kwargs)
        if self.k > 1 and self.normalize_input and self.shared_connection and self.connections:
            raise ValueError(
                "`shared_connection` cannot join `normalize_input` in spatial pyramid attention: "
                "its input has 21C numbers and its output C. "
                f"Received: shared_connection=True, normalize_input=True, k={self.k}"
            )

    def pooled_width(self, channels: int) -> int:
        return CELLS * channels

    def pool(self, x: Tensor) -> Tensor:
        x = ops.cast(x, "float32")
        if self.data_format == "channels_last":
            x = ops.transpose(x, (0, 3, 1, 2))
        _, channels, height, width = ops.shape(x)
        levels = []
        for bins in LEVELS:
            rows, columns = adaptive_windows(height, bins), adaptive_windows(width, bins)
            means = ops.matmul(ops.matmul(rows, x), ops.transpose(columns))
            levels.append(ops.reshape(means, (-1, channels * bins**2)))
        return ops.concatenate(levels, axis=1)

    def build(self, input_shape):
        super().build(input_shape)
        self.width = self.pooled_width(self.channels(input_shape))

    def features(self, v: Tensor) -> Tensor:
        if v.shape[1] == self.width:
            return v
        return ops.concatenate([ops.repeat(v, bins**2, axis=1) for bins in LEVELS], axis=1)
