"""Shuffle attention."""

import keras
from keras import ops

from ras_keras.errors import ArgumentError
from ras_keras.layers.attention import Attention, Tensor, cannot_start
from ras_keras.layers.parts.batch_normalization import EPSILON
from ras_keras.layers.parts.transforms import Linear
from ras_keras.values.checks import check_at_least_one


@keras.saving.register_keras_serializable(package="ras_keras")
class ShuffleAttention(Attention):
    """Shuffle attention (SA): half of each group is gated by channel, half by place.

    The channels fall into g groups in their order. Of a group's first half A and
    second half B, each of C/2g channels,

        A' = A * sigmoid(gamma_c X' + beta_c)       X' the mean of A over the places
        B' = B * sigmoid(gamma_s n(B) + beta_s)     n a normalization of each channel
                                                    of an image, with scale and shift

    The four vectors and n's two are shared by all groups. The channels of all
    groups' A' and B' in their order are then shuffled: the first half of all and
    the second half alternate.

    gamma_c and gamma_s start at 0, beta_c and beta_s at 1.

    Trainable parameters for C channels: 3C/g.

    Args:
        groups: g; for fewer than 2g channels C/2.
        data_format: "channels_last", "channels_first" or None for Keras's
            setting.
        gain: what the gates are multiplied by; 1 as published.

    Input shape: (N, H, W, C), or (N, C, H, W) with channels first; H and W may
    be unknown, C must be a multiple of 2g.

    Output shape: the input's.

    Raises:
        ValueError: for `groups` that are no integer >= 1 or that leave no even
            number of channels each, and as `Attention` does.

    Source: arXiv 2102.00240, Eqs. (1) to (3), and its authors' code.
    """

    def __init__(self, groups: int = 64, **kwargs):
        super().__init__(**kwargs)
        self.groups = check_at_least_one("groups", groups)

    def build(self, input_shape):
        channels = self.fix_channels(input_shape)
        self.used_groups = min(self.groups, channels // 2)
        if not self.used_groups or channels % (2 * self.used_groups):
            raise ArgumentError.of(
                "groups",
                f"must leave an even number of channels in each, of {channels} here",
                self.groups,
            )
        self.half = channels // (2 * self.used_groups)
        self.channel = Linear("zeros", "ones", name="channel")
        self.place = Linear("zeros", "ones", name="place")
        self.normalization = Linear("ones", "zeros", name="normalization")
        for linear in (self.channel, self.place, self.normalization):
            linear.build((None, self.half))
        self.built = True

    def _halves(self, x):
        """A and B: float32 (N, H, W, g, C/2g)."""
        x = self.channels_last(x)
        _, height, width, _ = ops.shape(x)
        x = ops.reshape(x, (-1, height, width, self.used_groups, 2 * self.half))
        return x[..., : self.half], x[..., self.half :]

    def _gates(self, a, b):
        """Of A and of B: float32 (N, 1, 1, g, C/2g) and (N, H, W, g, C/2g)."""
        pooled = ops.mean(a, axis=(1, 2), keepdims=True)
        mean, variance = ops.moments(b, (1, 2), keepdims=True)
        normalized = self.normalization((b - mean) * ops.rsqrt(variance + EPSILON))
        return ops.sigmoid(self.channel(pooled)), ops.sigmoid(self.place(normalized))

    def attention_map(self, x: Tensor) -> Tensor:
        """The mean over the channels of the gate of places: float32 (N, H, W)."""
        self.make_built(x)
        return ops.mean(self._gates(*self._halves(x))[1], axis=(3, 4))

    def call(self, x):
        a, b = self._halves(x)
        of_a, of_b = self._gates(a, b)
        y = ops.concatenate([self.weigh(a, of_a), self.weigh(b, of_b)], axis=-1)
        _, height, width, _, _ = ops.shape(y)
        y = ops.reshape(y, (-1, height, width, 2, self.used_groups * self.half))
        y = ops.reshape(
            ops.swapaxes(y, 3, 4), (-1, height, width, 2 * self.used_groups * self.half)
        )
        return ops.cast(self.in_format(y), x.dtype)

    def start_constant(self) -> float:
        raise cannot_start(self, "permutes the channels")

    def get_config(self):
        return {**super().get_config(), "groups": self.groups}
