"""The soft mask of the residual attention network."""

from typing import Literal

import keras
from keras import ops

from ras_keras.values.checks import check_one_of

MASKS = ("mixed", "channel", "spatial")
LEARNINGS = ("attention", "naive")


@keras.saving.register_keras_serializable(package="ras_keras")
class SoftMask(keras.layers.Layer):
    """Scales a trunk's map by a mask, for each pixel and channel of its own.

        Y = (1 + M) * T      attention residual learning
        Y = M * T            naive attention learning

        M = sigmoid(x)                              mixed
        M = x / ||x||, over the channels of a pixel      channel
        M = sigmoid((x - mean) / deviation), over the pixels of a channel    spatial

    The mask is computed in float32 under every dtype policy.

    Args:
        mask: "mixed", "channel" or "spatial".
        learning: "attention" or "naive".
        data_format: "channels_last", "channels_first" or None for Keras's
            setting.

    Input shape: [T, x], both (N, H, W, C), or (N, C, H, W) with channels first.

    Output shape: as T.

    Raises:
        ValueError: for an unknown `mask` or `learning`.

    Source: arXiv 1704.06904, Eqs. (3) to (6).
    """

    def __init__(
        self,
        mask: Literal["mixed", "channel", "spatial"] = "mixed",
        learning: Literal["attention", "naive"] = "attention",
        data_format: str | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_one_of("mask", mask, MASKS)
        check_one_of("learning", learning, LEARNINGS)
        self.mask = mask
        self.learning = learning
        self.data_format = data_format or keras.config.image_data_format()
        first = self.data_format == "channels_first"
        self.axis, self.spatial_axes = (1, (2, 3)) if first else (-1, (1, 2))

    def call(self, inputs):
        trunk, x = inputs
        m = self.mask_of(x)
        if self.learning == "attention":
            m = 1 + m
        return trunk * ops.cast(m, trunk.dtype)

    def mask_of(self, x):
        """M, float32 of the shape of x."""
        x = ops.cast(x, "float32")
        if self.mask == "channel":
            squared = ops.sum(ops.square(x), axis=self.axis, keepdims=True)
            return x * ops.rsqrt(squared + keras.config.epsilon())
        if self.mask == "spatial":
            mean, variance = ops.moments(x, self.spatial_axes, keepdims=True)
            x = (x - mean) * ops.rsqrt(variance + keras.config.epsilon())
        return ops.sigmoid(x)

    def gate(self, inputs, training=False):
        """What the mask does to each channel, its mean over the pixels: float32 (N, C)."""
        return ops.mean(self.mask_of(inputs[1]), axis=self.spatial_axes)

    def attention_map(self, inputs):
        """The mask's mean over the channels: float32 (N, H, W)."""
        return ops.mean(self.mask_of(inputs[1]), axis=self.axis)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0])

    def get_config(self):
        return {
            **super().get_config(),
            "mask": self.mask,
            "learning": self.learning,
            "data_format": self.data_format,
        }
