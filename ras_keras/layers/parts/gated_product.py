"""X * V for one gate a channel in fewer passes over the map: for TensorFlow's training on CPUs.

What the product costs beside a network's convolutions is reading and writing the map. As
TensorFlow differentiates it, d * X is written out before it is summed up to the gradient of V,
that of the pooling is spread out over a map of its own, and both gradients of X are added in one
more pass. Here each of these is one small function that XLA makes a single loop of. The functions
are compiled for themselves: XLA on a whole network trains several times slower on a CPU.
"""

from collections.abc import Callable

import tensorflow as tf

from ras_keras.backend.devices import gpus
from ras_keras.layers.parts.batch_normalization import replicas


def fits(x: tf.Tensor) -> bool:
    """Whether a map can be multiplied here.

    XLA compiles for each size, so that it must be known; GPUs and several devices, where the
    gain is not known, take the plain product.
    """
    return (
        x.dtype in (tf.float32, tf.bfloat16)
        and None not in x.shape[1:]
        and replicas() == 1
        and not gpus()
    )


def product(x: tf.Tensor, v: tf.Tensor) -> tf.Tensor:
    """X * V.

    Args:
        x: X, (N, H, W, C).
        v: V, float32 (N, C), or (1, C) for all.
    """

    @tf.custom_gradient
    def multiply(x, v):
        def gradient(d):
            return _gradient_of_map(d, v), _gradient_of_gate(d, x)

        return _scale(x, v), gradient

    return multiply(x, tf.broadcast_to(v, (tf.shape(x)[0], x.shape[-1])))


def product_with_pooled(x: tf.Tensor, gate: Callable[[tf.Tensor], tf.Tensor]) -> tf.Tensor:
    """X * V for a gate V that looks at nothing but the mean of X over height and width.

    Args:
        x: X, (N, H, W, C).
        gate: from the mean, float32 (N, C), to V, the same.
    """
    places = x.shape[1] * x.shape[2]

    # Both ways from X to the product start in `pool`. `multiply` hands its gradient on as it
    # came, so that `pool` makes the gradient of X by both ways in one pass.
    @tf.custom_gradient
    def pool(x):
        def gradient(d, of_mean):
            return _gradient_of_pooled_map(d, v, of_mean / places)

        return (tf.identity(x), tf.reduce_sum(_sum_of_rows(x), axis=1) / places), gradient

    @tf.custom_gradient
    def multiply(x, v):
        def gradient(d):
            return d, _gradient_of_gate(d, x)

        return _scale(x, v), gradient

    x, mean = pool(x)
    v = gate(mean)
    return multiply(x, v)


def _compiled(function):
    return tf.function(function, jit_compile=True, autograph=False)


# A profile tells the way forward from the way back by these functions' names.
@_compiled
def _scale(x, v):
    return x * _over_map(tf.cast(v, x.dtype))


@_compiled
def _sum_of_rows(x):
    return tf.reduce_sum(tf.cast(x, "float32"), axis=1)


@_compiled
def _gradient_of_map(d, v):
    return d * _over_map(tf.cast(v, d.dtype))


@_compiled
def _gradient_of_pooled_map(d, v, shift):
    return tf.cast(tf.cast(d, "float32") * _over_map(v) + _over_map(shift), d.dtype)


def _gradient_of_gate(d, x):
    """The sum of d * x over height and width, float32 (N, C)."""
    # XLA is fast at a sum over one axis, and slow at one over both.
    return tf.reduce_sum(_gradient_of_gate_by_columns(d, x), axis=1)


@_compiled
def _gradient_of_gate_by_columns(d, x):
    return tf.reduce_sum(tf.cast(d, "float32") * tf.cast(x, "float32"), axis=1)


def _over_map(v):
    return v[:, None, None, :]
