"""Simple, parameter-free attention."""

import keras
from keras import ops

from ras_keras.layers.attention import Attention, Tensor, cannot_start
from ras_keras.values.checks import check_positive


@keras.saving.register_keras_serializable(package="ras_keras")
class SimpleAttention(Attention):
    """Simple attention module (SimAM): places far from their channel's mean count more.

        d = (X - mean of X)^2, of each channel over the places     (N, H, W, C)
        v = sum of d over the places / (HW - 1)                    (N, 1, 1, C)
        Y = X * sigmoid(d / (4(v + lambda)) + 1/2)

    Trainable parameters: none.

    Args:
        regularization: lambda, positive.
        data_format: "channels_last", "channels_first" or None for Keras's
            setting.
        gain: what the gate is multiplied by; 1 as published.

    Input shape: (N, H, W, C), or (N, C, H, W) with channels first; H and W may
    be unknown. A map of a single place has no v: where that is seen only when a
    model runs, the output is NaN.

    Output shape: the input's.

    Raises:
        ValueError: for a `regularization` that is not positive, a map of a single
            place, and as `Attention` does.

    Source: SimAM, ICML 2021 (PMLR 139), Eq. (5) and the code in its appendix.
    """

    def __init__(self, regularization: float = 1e-4, **kwargs):
        super().__init__(**kwargs)
        self.regularization = check_positive("regularization", regularization)

    def build(self, input_shape):
        self.fix_channels(input_shape)
        self.built = True

    def place_gate(self, x: Tensor) -> Tensor:
        """The gate of every place and channel: float32, shaped as `x`."""
        self.make_built(x)
        if all(x.shape[axis] == 1 for axis in self.spatial_axes):
            raise ValueError(
                "SimpleAttention compares the places of a map, at least 2 of them: it cannot "
                f"work on a map of 1x1. Received: shape={tuple(x.shape)}"
            )
        height, width = (ops.shape(x)[axis] for axis in self.spatial_axes)
        x = ops.cast(x, "float32")
        d = ops.square(x - ops.mean(x, axis=self.spatial_axes, keepdims=True))
        v = ops.sum(d, axis=self.spatial_axes, keepdims=True)
        v = v / ops.cast(height * width - 1, "float32")
        return ops.sigmoid(d / (4 * (v + self.regularization)) + 0.5)

    def attention_map(self, x: Tensor) -> Tensor:
        """The mean of the gate over the channels: float32 (N, H, W)."""
        return ops.mean(self.place_gate(x), axis=self.axis)

    def call(self, x):
        return self.weigh(x, self.place_gate(x))

    def start_constant(self) -> float:
        raise cannot_start(self, "has no weights")

    def get_config(self):
        return {**super().get_config(), "regularization": self.regularization}
