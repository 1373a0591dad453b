"""The batch normalization of every network and gate in the package."""

import keras
from keras import ops

MOMENTUM = 0.9
EPSILON = 1e-5
FUSED_DTYPES = ("float32", "bfloat16", "float16")


@keras.saving.register_keras_serializable(package="ras_keras")
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras's `BatchNormalization` as the published networks mean it.

    Momentum 0.9 and epsilon 1e-5 (Keras's own defaults are 0.99 and 1e-3), and
    under a TensorFlow strategy with several replicas the statistics of the
    global batch; the replicas' batches must be of equal size.

    Maps with channels last go through TensorFlow's fused kernel, which is
    faster and which TensorFlow merges with the convolution before it and the
    ReLU behind it in inference. Its result is that of Keras, the biased
    variance in the moving statistics included.

    Keras's own `synchronized=True` takes the variance as E[x^2] - E[x]^2, which
    for a gate's inputs, far from 0 and close together, cancels nearly all
    digits. Here it is the mean of (x - E[x])^2, so that several devices agree
    with one.

    Args:
        momentum: of the moving statistics.
        epsilon: added to the variance; at least 1.001e-5 in the fused kernel,
            which is what GPUs ask for.
        fused: False keeps maps out of the fused kernel, as those must be that a
            tanh follows: on CPUs with oneDNN, TensorFlow merges a convolution, this
            and a tanh to one operation, for which it has no kernel.
        **kwargs: of `keras.layers.BatchNormalization`.
    """

    def __init__(
        self,
        momentum: float = MOMENTUM,
        epsilon: float = EPSILON,
        fused: bool = True,
        **kwargs,
    ):
        super().__init__(momentum=momentum, epsilon=epsilon, **kwargs)
        self.fused = fused

    def call(self, inputs, training=None, mask=None):
        training = bool(training and self.trainable)
        if mask is not None or not self._fits_fused_kernel(inputs, training):
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        statistics = {}
        if not training:
            statistics = {"mean": self.moving_mean, "variance": self.moving_variance}
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs,
            scale=self.gamma,
            offset=self.beta,
            epsilon=self.epsilon,
            is_training=training,
            **statistics,
        )
        if training:
            # The kernel returns the unbiased variance.
            n = tf.reduce_prod(tf.cast(tf.shape(inputs)[:-1], variance.dtype))
            self._move(self.moving_mean, mean)
            self._move(self.moving_variance, variance * (n - 1) / n)
        return outputs

    def slope(self, inputs, training=False):
        """|dy/dx| of each channel with the statistics held, (C,)."""
        variance = self.moving_variance
        if training and self.trainable:
            _, variance = self._moments(inputs, None)
        return ops.abs(self.gamma) * ops.rsqrt(variance + self.epsilon)

    def get_config(self):
        return {**super().get_config(), "fused": self.fused}

    def _fits_fused_kernel(self, inputs, training) -> bool:
        return (
            self.fused
            and keras.backend.backend() == "tensorflow"
            and len(inputs.shape) == 4
            and self.axis in (-1, 3)
            and self.center
            and self.scale
            and not self.renorm
            and self.compute_dtype in FUSED_DTYPES
            and self.variable_dtype == "float32"
            and keras.backend.standardize_dtype(inputs.dtype) == self.compute_dtype
            and not (training and replicas() > 1)
        )

    def _move(self, average, value):
        average.assign(average * self.momentum + value * (1 - self.momentum))

    def _moments(self, inputs, mask):
        if keras.backend.backend() != "tensorflow" or replicas() == 1:
            return super()._moments(inputs, mask)
        import tensorflow as tf

        replica = tf.distribute.get_replica_context()

        def global_mean(x):
            local = ops.mean(x, axis=self._reduction_axes, keepdims=True)
            return replica.all_reduce(tf.distribute.ReduceOp.MEAN, local)

        mean = global_mean(inputs)
        variance = global_mean(ops.square(inputs - mean))
        return ops.reshape(mean, (-1,)), ops.reshape(variance, (-1,))


def replicas() -> int:
    """Devices, of all processes, over which the current distribution splits a batch."""
    if keras.backend.backend() != "tensorflow":
        distribution = keras.distribution.distribution()
        return 1 if distribution is None else distribution.num_model_replicas
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync
