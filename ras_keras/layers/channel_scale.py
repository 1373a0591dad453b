"""A factor for each channel, whatever the image: the control of channel attention."""

import keras
from keras import ops

from ras_keras.layers.attention import Attention, Tensor
from ras_keras.layers.parts.transforms import set_to_zero
from ras_keras.layers.recurrent_attention import BETA_START


@keras.saving.register_keras_serializable(package="ras_keras")
class ChannelScale(Attention):
    """`RecurrentAttention` without its input: a trainable factor for each channel.

        V = sigmoid(p)          (C,)
        Y = X * V

    Its gate is constant by design. What an attention gains over it, it gains by
    looking at the image.

    Trainable parameters for C channels: C.

    Input and output shape: (N, H, W, C), or (N, C, H, W) with channels first; H and W
    may be unknown.

    Args:
        data_format: "channels_last", "channels_first" or None for Keras's
            setting.
        gain: as of `Attention`.

    Raises:
        ValueError: as `Attention` does.

    Source: ours; p starts at -1, as beta in arXiv 2210.15676.
    """

    constant_by_design = True

    def build(self, input_shape):
        channels = self.fix_channels(input_shape)
        self.logit = self.add_float32(
            (channels,), keras.initializers.Constant(BETA_START), name="bias"
        )
        self.built = True

    def gate(self, x: Tensor, training: bool | None = False) -> Tensor:
        """V, the same for every image: float32 of shape (N, C)."""
        self.make_built(x)
        v = ops.sigmoid(ops.convert_to_tensor(self.logit))
        return ops.broadcast_to(v, (ops.shape(x)[0], v.shape[0]))

    def call(self, x):
        v = ops.sigmoid(ops.convert_to_tensor(self.logit))
        return self.scale(x, v[None])

    def start_constant(self) -> float:
        set_to_zero(self)
        return 0.5
