"""The one place where the package makes its batch normalizations."""

import keras

MOMENTUM = 0.9
EPSILON = 1e-5


def replicas() -> int:
    """Devices over which the current distribution strategy splits a batch."""
    if keras.backend.backend() != "tensorflow":
        return 1
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync


def batch_normalization(**kwargs) -> keras.layers.BatchNormalization:
    """Makes a `BatchNormalization` as the published networks mean it.

    Momentum 0.9 and epsilon 1e-5 unless `kwargs` say otherwise (Keras's own
    defaults are 0.99 and 1e-3). Built under a strategy with several replicas,
    its statistics are those of the global batch; built for one device, it is
    the plain layer, whose two-pass variance is the more exact one.
    """
    defaults = {"momentum": MOMENTUM, "epsilon": EPSILON, "synchronized": replicas() > 1}
    return keras.layers.BatchNormalization(**{**defaults, **kwargs})
