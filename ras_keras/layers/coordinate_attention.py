"""Coordinate attention."""

import keras
from keras import ops

from ras_keras.layers.attention import Attention, Tensor
from ras_keras.layers.parts.convolutions import map_normalization
from ras_keras.layers.parts.transforms import dense, set_to_zero
from ras_keras.values.checks import check_at_least_one

# Of the hidden layer, as in the authors' code.
LEAST_WIDTH = 8


@keras.saving.register_keras_serializable(package="ras_keras")
class CoordinateAttention(Attention):
    """Coordinate attention (CA): a gate of rows times a gate of columns.

        z   = means of X over each row, and over each column      (N, H + W, C)
        f   = h_swish(BN(W_1 z + b_1))                            (N, H + W, m)
        a_h = sigmoid(W_h f_h + b_h), of the rows' part           (N, H, 1, C)
        a_w = sigmoid(W_w f_w + b_w), of the columns' part        (N, 1, W, C)
        Y   = X * a_h * a_w

    m is C/r, and at least 8; h_swish(x) = x min(max(x + 3, 0), 6) / 6. The
    normalization runs over rows and columns together.

    Trainable parameters for C channels: 3Cm + 3m + 2C.

    Input and output shape: (N, H, W, C), or (N, C, H, W) with channels first; H and W
    may be unknown.

    Args:
        reduction_ratio: r; C/r is rounded down.
        data_format: "channels_last", "channels_first" or None for Keras's
            setting.
        gain: what the gate is multiplied by; 1 as published.

    Raises:
        ValueError: for a `reduction_ratio` that is no integer >= 1, and as
            `Attention` does.

    Source: arXiv 2103.02907, Eqs. (4) to (9), with the biases, the least m and the
    h_swish of its authors' code.
    """

    def __init__(self, reduction_ratio: int = 32, **kwargs):
        super().__init__(**kwargs)
        self.reduction_ratio = check_at_least_one("reduction_ratio", reduction_ratio)

    def build(self, input_shape):
        channels = self.fix_channels(input_shape)
        width = max(LEAST_WIDTH, channels // self.reduction_ratio)
        self.reduce = dense(channels, width, name="reduce")
        self.normalization = map_normalization((None, None, width), "normalization")
        self.rows = dense(width, channels, name="rows")
        self.columns = dense(width, channels, name="columns")
        self.built = True

    def gates(self, x: Tensor, training: bool | None = False) -> tuple[Tensor, Tensor]:
        """a_h and a_w: float32 (N, H, 1, C) and (N, 1, W, C)."""
        self.make_built(x)
        x = self.channels_last(x)
        height = ops.shape(x)[1]
        z = ops.concatenate([ops.mean(x, axis=2), ops.mean(x, axis=1)], axis=1)
        f = ops.hard_silu(self.normalization(self.reduce(z), training=training))
        rows, columns = self.rows(f[:, :height]), self.columns(f[:, height:])
        return ops.sigmoid(rows)[:, :, None], ops.sigmoid(columns)[:, None]

    def attention_map(self, x: Tensor) -> Tensor:
        """The mean of a_h * a_w over the channels: float32 (N, H, W)."""
        rows, columns = self.gates(x)
        return ops.mean(rows * columns, axis=-1)

    def call(self, x, training=None):
        rows, columns = self.gates(x, training=training)
        return self.weigh(x, self.in_format(rows * columns))

    def start_constant(self) -> float:
        set_to_zero(self.rows)
        set_to_zero(self.columns)
        return 0.25

    def get_config(self):
        return {**super().get_config(), "reduction_ratio": self.reduction_ratio}
