"""The style-based recalibration module."""

import keras
from keras import ops

from ras_keras.layers.attention import Attention, Tensor
from ras_keras.layers.parts.batch_normalization import EPSILON
from ras_keras.layers.parts.convolutions import map_normalization
from ras_keras.layers.parts.transforms import set_to, set_to_zero


@keras.saving.register_keras_serializable(package="ras_keras")
class StyleRecalibration(Attention):
    """Style-based recalibration module (SRM): a gate from each channel's mean and deviation.

        mu, sigma = mean and standard deviation of X over the places    (N, C)
        z = w_1 mu + w_2 sigma, two weights for each channel            (N, C)
        V = sigmoid(BN(z))
        Y = X * V

    w_1 and w_2 start at 0, as in the authors' code: V is 0.5 at the start.

    Trainable parameters for C channels: 4C, two of them of the normalization.

    Input and output shape: (N, H, W, C), or (N, C, H, W) with channels first; H and W
    may be unknown.

    Args:
        data_format: "channels_last", "channels_first" or None for Keras's
            setting.
        gain: what the gate is multiplied by; 1 as published.

    Raises:
        ValueError: as `Attention` does.

    Source: arXiv 1903.10829, Eqs. (1) to (5). sigma is that of the paper, over HW
    places; the authors' code divides by HW - 1. The 1e-5 under its root is the
    code's.
    """

    def build(self, input_shape):
        channels = self.fix_channels(input_shape)
        self.kernel = self.add_float32((2, channels), "zeros", "kernel")
        self.normalization = map_normalization((None, channels), "normalization")
        self.built = True

    def gate(self, x: Tensor, training: bool | None = False) -> Tensor:
        """V, the gate that the layer applies to `x`: float32 of shape (N, C)."""
        self.make_built(x)
        mean, variance = ops.moments(ops.cast(x, "float32"), self.spatial_axes)
        z = self.kernel[0] * mean + self.kernel[1] * ops.sqrt(variance + EPSILON)
        return ops.sigmoid(self.normalization(z, training=training))

    def call(self, x, training=None):
        return self.scale(x, self.gate(x, training=training))

    def start_constant(self) -> float:
        set_to(self.kernel, 1.0)
        set_to_zero(self.normalization)
        return 0.5
