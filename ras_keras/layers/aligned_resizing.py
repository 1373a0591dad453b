"""Bilinear resizing with aligned corners."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="ras_keras")
class AlignedResizing(keras.layers.Layer):
    """Resizes a map bilinearly to the size of another, with their corner pixels aligned.

    Row i of H takes row i (h - 1) / (H - 1) of h, between its two neighbours; a
    map of one row is copied. Keras's own resizing aligns the outer edges of the
    corner pixels instead.

    Args:
        data_format: "channels_last", "channels_first" or None for Keras's
            setting.

    Input shape: [x, like], x of (N, h, w, C) and like of (N, H, W, any), or
    channels first; all sizes may be unknown.

    Output shape: (N, H, W, C).

    Source: the interpolation of arXiv 1704.06904, as its authors' Caffe has it.
    """

    def __init__(self, data_format: str | None = None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = data_format or keras.config.image_data_format()
        self.spatial_axes = (2, 3) if self.data_format == "channels_first" else (1, 2)

    def call(self, inputs):
        x, like = inputs
        for axis in self.spatial_axes:
            x = _resized(x, ops.shape(x)[axis], ops.shape(like)[axis], axis)
        return x

    def compute_output_shape(self, input_shape):
        shape = list(input_shape[0])
        for axis in self.spatial_axes:
            shape[axis] = input_shape[1][axis]
        return tuple(shape)

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format}


def _resized(x, before, after, axis):
    """x with `after` rows on an axis that has `before`: each is between two of the old ones."""
    step = ops.cast(before - 1, "float32") / ops.cast(ops.maximum(after - 1, 1), "float32")
    places = step * ops.arange(after, dtype="float32")
    distance = ops.abs(places[:, None] - ops.arange(before, dtype="float32")[None, :])
    weights = ops.cast(ops.maximum(1 - distance, 0), x.dtype)
    letters = "nabc"
    resized = letters.replace(letters[axis], "r")
    return ops.einsum(f"{letters},r{letters[axis]}->{resized}", x, weights)
