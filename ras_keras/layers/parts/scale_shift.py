"""What is left of a batch normalization once its statistics are fixed."""

import keras
from keras import ops

from ras_keras.layers.parts.batch_normalization import FUSED_DTYPES


@keras.saving.register_keras_serializable(package="ras_keras")
class ScaleShift(keras.layers.Layer):
    """x * scale + shift, one scale and one shift per channel.

    On TensorFlow, maps with channels last go through the fused kernel of batch
    normalization: one pass over memory, a ReLU behind it included, where a
    product and a sum take two.

    Args:
        axis: where the channels are.
        fused: as for `BatchNormalization`.

    Input shape: any, with a known number of channels.

    Output shape: the input's.
    """

    def __init__(self, axis: int = -1, fused: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis
        self.fused = fused

    def build(self, input_shape):
        shape = (input_shape[self.axis],)
        options = {"dtype": "float32", "autocast": False}
        self.scale = self.add_weight(shape, "ones", name="scale", **options)
        self.shift = self.add_weight(shape, "zeros", name="shift", **options)
        self.built = True

    def call(self, x):
        last = self.axis in (-1, len(x.shape) - 1)
        fits = len(x.shape) == 4 and last and self.compute_dtype in FUSED_DTYPES
        if self.fused and fits and keras.backend.backend() == "tensorflow":
            return _fused(x, ops.convert_to_tensor(self.scale), ops.convert_to_tensor(self.shift))
        shape = [1] * len(x.shape)
        shape[self.axis] = -1
        scale, shift = (
            ops.cast(ops.reshape(each, shape), x.dtype) for each in (self.scale, self.shift)
        )
        return x * scale + shift

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "axis": self.axis, "fused": self.fused}


def _fused(x, scale, shift):
    import tensorflow as tf

    # The least that GPUs take, and together with the variance exactly 1.
    epsilon = 2.0**-10
    return tf.compat.v1.nn.fused_batch_norm(
        x,
        scale,
        shift,
        mean=tf.zeros_like(shift),
        variance=tf.fill(tf.shape(scale), 1 - epsilon),
        epsilon=epsilon,
        is_training=False,
    )[0]
