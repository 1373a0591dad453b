"""Triplet attention."""

import keras
from keras import ops

from ras_keras.layers.attention import Attention, Tensor
from ras_keras.layers.parts.convolutions import map_convolution, map_normalization
from ras_keras.layers.parts.transforms import check_odd, set_to_zero

# Each is the axis of (N, H, W, C) that is pooled; the gate spans the other two.
POOLED = {"rows": 1, "columns": 2, "channels": 3}


@keras.saving.register_keras_serializable(package="ras_keras")
class TripletAttention(Attention):
    """Triplet attention: the mean of three gates, each over two of the three dimensions.

        Z(X, d) = [maximum, mean of X over dimension d]
        S_d     = sigmoid(BN(K_d * Z(X, d)))    for d = height, width, channels
        Y       = X * (S_H + S_W + S_C) / 3

    K_d is a convolution from 2 channels to 1, without a bias, over the two
    dimensions that are left: over width and channels for d = height.

    Trainable parameters: 6 kernel_size^2 + 6, whatever C.

    Input and output shape: (N, H, W, C), or (N, C, H, W) with channels first; H and W
    may be unknown.

    Args:
        kernel_size: of the convolutions, odd.
        data_format: "channels_last", "channels_first" or None for Keras's
            setting.
        gain: what the gate is multiplied by; 1 as published.

    Raises:
        ValueError: for an even `kernel_size`, and as `Attention` does.

    Source: arXiv 2010.03045, Eqs. (1) to (4); the normalization's momentum, 0.99, is
    that of its authors' code.
    """

    def __init__(self, kernel_size: int = 7, **kwargs):
        super().__init__(**kwargs)
        self.kernel_size = check_odd("kernel_size", kernel_size)

    def build(self, input_shape):
        self.fix_channels(input_shape)
        self.convolutions = [
            map_convolution(1, self.kernel_size, f"{name}_convolution", 2, use_bias=False)
            for name in POOLED
        ]
        self.normalizations = [
            map_normalization((None, None, None, 1), f"{name}_normalization", momentum=0.99)
            for name in POOLED
        ]
        self.built = True

    def place_gate(self, x: Tensor, training: bool | None = False) -> Tensor:
        """(S_H + S_W + S_C) / 3: float32 (N, H, W, C)."""
        self.make_built(x)
        x, total = self.channels_last(x), 0.0
        places = zip(POOLED.values(), self.convolutions, self.normalizations, strict=True)
        for axis, convolution, normalization in places:
            z = ops.stack([ops.max(x, axis=axis), ops.mean(x, axis=axis)], axis=-1)
            s = ops.sigmoid(normalization(convolution(z), training=training))
            total = total + ops.expand_dims(ops.squeeze(s, -1), axis)
        return total / 3

    def attention_map(self, x: Tensor) -> Tensor:
        """The mean of the gate over the channels: float32 (N, H, W)."""
        return ops.mean(self.place_gate(x), axis=-1)

    def call(self, x, training=None):
        return self.weigh(x, self.in_format(self.place_gate(x, training=training)))

    def start_constant(self) -> float:
        for normalization in self.normalizations:
            set_to_zero(normalization)
        return 0.5

    def get_config(self):
        return {**super().get_config(), "kernel_size": self.kernel_size}
