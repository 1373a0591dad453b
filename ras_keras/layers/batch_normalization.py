"""The batch normalization of every network and gate in the package."""

import keras
from keras import ops

MOMENTUM = 0.9
EPSILON = 1e-5


@keras.saving.register_keras_serializable(package="ras_keras")
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras's `BatchNormalization` as the published networks mean it.

    Momentum 0.9 and epsilon 1e-5 (Keras's own defaults are 0.99 and 1e-3), and
    under a TensorFlow strategy with several replicas the statistics of the
    global batch; the replicas' batches must be of equal size.

    Keras's own `synchronized=True` takes the variance as E[x^2] - E[x]^2, which
    for a gate's inputs, far from 0 and close together, cancels nearly all
    digits. Here it is the mean of (x - E[x])^2, so that several devices agree
    with one.

    Args:
        momentum: of the moving statistics.
        epsilon: added to the variance.
        **kwargs: of `keras.layers.BatchNormalization`.
    """

    def __init__(self, momentum: float = MOMENTUM, epsilon: float = EPSILON, **kwargs):
        super().__init__(momentum=momentum, epsilon=epsilon, **kwargs)

    def _moments(self, inputs, mask):
        if replicas() == 1:
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
    """Devices over which the current distribution strategy splits a batch."""
    if keras.backend.backend() != "tensorflow":
        return 1
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync
