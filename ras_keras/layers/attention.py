"""What all attention layers have in common."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

# Of the backend, or symbolic: Keras has no type for both.
Tensor = Any


class Attention(keras.layers.Layer):
    """Base of the layers that scale the channels of a map by a gate.

    Everything from the pooling to the gate runs in float32 under every dtype
    policy, because half precision rounds a gate with small weights to a
    constant; only the gate itself is cast back. A subclass therefore gives its
    sublayers `dtype="float32"`.

    Attributes:
        shared_by_stage: class attribute; True for a layer that a network makes
            once a stage and calls once a block, instead of once a block.
        normalizes_branch: class attribute; True for a layer that needs a batch
            normalization before it in networks whose branches end in a
            convolution.

    Args:
        data_format: "channels_last", "channels_first" or None for Keras's
            setting.

    Input shape: (N, H, W, C), or (N, C, H, W) with channels first; H and W may
    be unknown, C may not.

    Output shape: the input's.

    Raises:
        ValueError: for an unknown `data_format`, or an input of another rank or
            without a known number of channels.
    """

    shared_by_stage = False
    normalizes_branch = False

    def __init__(self, data_format: str | None = None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = keras.config.image_data_format() if data_format is None else data_format
        if self.data_format not in ("channels_first", "channels_last"):
            raise ValueError(
                "`data_format` must be 'channels_first', 'channels_last' or None. "
                f"Received: data_format={data_format!r}"
            )
        self.axis = 1 if self.data_format == "channels_first" else -1
        self.spatial_axes = (2, 3) if self.data_format == "channels_first" else (1, 2)

    def channels(self, input_shape: Sequence[int | None]) -> int:
        """C of an input's shape, once it has been checked."""
        channels = input_shape[self.axis] if len(input_shape) == 4 else None
        if channels is None:
            raise ValueError(
                f"{type(self).__name__} takes inputs of rank 4 with a known number of channels "
                f"on axis {self.axis} ({self.data_format}). Received: shape={tuple(input_shape)}"
            )
        return channels

    def pool(self, x: Tensor) -> Tensor:
        """X', the mean of each channel: float32 (N, C)."""
        height, width = (ops.shape(x)[axis] for axis in self.spatial_axes)
        # One axis after the other and the division last, which is fastest on a CPU.
        rows = ops.sum(ops.cast(x, "float32"), axis=self.spatial_axes[0])
        return ops.sum(rows, axis=self.spatial_axes[0]) / ops.cast(height * width, "float32")

    def scale(self, x: Tensor, v: Tensor) -> Tensor:
        """X * V for a gate V of shape (N, C)."""
        return x * ops.expand_dims(ops.cast(v, x.dtype), self.spatial_axes)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format}
