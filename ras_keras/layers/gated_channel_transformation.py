"""The gated channel transformation."""

import keras
from keras import ops

from ras_keras.layers.attention import Attention, Tensor
from ras_keras.layers.parts.batch_normalization import EPSILON
from ras_keras.layers.parts.transforms import set_to
from ras_keras.values.checks import check_positive


@keras.saving.register_keras_serializable(package="ras_keras")
class GatedChannelTransformation(Attention):
    """Gated channel transformation (GCT): channels compete by their norms.

        s = alpha sqrt(sum of X^2 over the places + epsilon)                (N, C)
        n = sqrt(C) s / sqrt(sum of s^2 over the channels + C epsilon)      (N, C)
        V = 1 + tanh(gamma n + beta)
        Y = X * V

    alpha starts at 1, gamma and beta at 0: at the start Y = X.

    Trainable parameters for C channels: 3C.

    Input and output shape: (N, H, W, C), or (N, C, H, W) with channels first; H and W
    may be unknown.

    Args:
        epsilon: under both roots, positive.
        data_format: "channels_last", "channels_first" or None for Keras's
            setting.
        gain: what the gate is multiplied by; 1 as published.

    Raises:
        ValueError: for an `epsilon` that is not positive, and as `Attention` does.

    Source: arXiv 1909.11519, Eqs. (2) to (6). The second epsilon is C-fold, as in the
    authors' code, which takes a mean there. The paper puts the module before a
    convolution, this package on the branch of a block.
    """

    def __init__(self, epsilon: float = EPSILON, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = check_positive("epsilon", epsilon)

    def build(self, input_shape):
        shape = (self.fix_channels(input_shape),)
        self.alpha = self.add_float32(shape, "ones", "alpha")
        self.gamma = self.add_float32(shape, "zeros", "gamma")
        self.beta = self.add_float32(shape, "zeros", "beta")
        self.built = True

    def gate(self, x: Tensor, training: bool | None = False) -> Tensor:
        """V, the gate that the layer applies to `x`: float32 of shape (N, C), in (0, 2)."""
        self.make_built(x)
        squares = ops.sum(ops.square(ops.cast(x, "float32")), axis=self.spatial_axes)
        s = self.alpha * ops.sqrt(squares + self.epsilon)
        mean = ops.mean(ops.square(s), axis=1, keepdims=True)
        return 1 + ops.tanh(self.gamma * s * ops.rsqrt(mean + self.epsilon) + self.beta)

    def call(self, x):
        return self.scale(x, self.gate(x))

    def start_constant(self) -> float:
        set_to(self.gamma, 0.0)
        set_to(self.beta, 0.0)
        return 1.0

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}
