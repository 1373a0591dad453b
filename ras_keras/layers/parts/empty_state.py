"""The state that a recurrence begins with: zeros."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="ras_keras")
class EmptyState(keras.layers.Layer):
    """Zeros of the size of a map.

    Args:
        channels: of the zeros, an integer >= 1.
        axis: of the channels, -1 or 1.

    Input shape: (N, H, W, C), or (N, C, H, W) with axis 1.

    Output shape: (N, H, W, channels), or (N, channels, H, W) with axis 1.
    """

    def __init__(self, channels: int, axis: int = -1, **kwargs):
        super().__init__(**kwargs)
        self.channels = channels
        self.axis = axis

    def call(self, x):
        first = x[:, :1] if self.axis == 1 else x[..., :1]
        return ops.repeat(ops.zeros_like(first, self.compute_dtype), self.channels, self.axis)

    def compute_output_shape(self, input_shape):
        shape = list(input_shape)
        shape[self.axis] = self.channels
        return tuple(shape)

    def get_config(self):
        return {**super().get_config(), "channels": self.channels, "axis": self.axis}
