"""What stands between two applications of an attention transform."""

from collections.abc import Callable
from functools import partial

import keras
from keras import ops

from ras_keras.errors import ArgumentError
from ras_keras.layers.parts.batch_normalization import BatchNormalization
from ras_keras.layers.parts.rational import Rational
from ras_keras.layers.parts.transforms import Linear

# Functions of the module that are no activations, need arguments or change the width.
UNFIT = {"deserialize", "get", "serialize", "threshold", "glu"}


def connection_names() -> list[str]:
    """Every name that `make_connection` takes."""
    activations = (name for name in dir(keras.activations) if not name.startswith("_"))
    return ["batch_norm", "affine", "rational", *sorted(set(activations) - UNFIT)]


def make_connection(kind: str, *, momentum: float, epsilon: float, name: str) -> keras.layers.Layer:
    """Makes one connection: a float32 layer from (N, C) to (N, C).

    Args:
        kind: "batch_norm", "affine" (a trainable scale and shift), "rational" (a
            trainable Pade activation unit) or the name of a Keras activation.
        momentum: of the moving statistics, where there are any.
        epsilon: added to the variance, where there is one.
        name: of the layer.

    Raises:
        ValueError: for a `kind` that is none of these.
    """
    makers: dict[str, Callable[..., keras.layers.Layer]] = {
        "batch_norm": partial(
            BatchNormalization, momentum=momentum, epsilon=epsilon, dtype="float32"
        ),
        "affine": partial(Linear, "ones", "zeros"),
        "rational": partial(Rational, dtype="float32"),
    }
    if kind in makers:
        return makers[kind](name=name)
    if kind == "exponential":
        return keras.layers.Activation(_exponential, dtype="float32", name=name)
    if kind in connection_names():
        return keras.layers.Activation(kind, dtype="float32", name=name)
    raise ArgumentError.of(
        "connection", f"must be None or one of {', '.join(connection_names())}", kind
    )


def _exponential(v):
    """exp(v), without the infinities that begin behind e^80, where every gate is saturated."""
    return ops.exp(ops.minimum(v, 80.0))
