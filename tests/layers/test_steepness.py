"""Channels that are constant over the batch, through many normalizations."""

import keras
import numpy as np
import pytest
from keras import ops

from ras_keras.layers import EfficientChannelAttention, RecurrentAttention
from ras_keras.layers.parts import steepness
from tests.tiers import HALF_PRECISIONS

CHANNELS = 16


def gate_and_gradients(layer, x, training):
    """V, the gradient of an uneven sum of V at the trainable weights, and that at x."""
    weights = layer.trainable_weights
    uneven = np.random.default_rng(0).normal(size=(len(x), x.shape[-1])).astype("float32")
    if keras.backend.backend() == "jax":
        import jax

        fixed = [(v, v.value) for v in layer.variables if not any(v is w for w in weights)]

        def loss(values, x):
            with keras.StatelessScope([*zip(weights, values, strict=True), *fixed]):
                return ops.sum(layer.gate(x, training=training) * uneven)

        values = [w.value for w in weights]
        at_weights, at_x = jax.grad(loss, argnums=(0, 1))(values, ops.convert_to_tensor(x))
    else:
        import tensorflow as tf

        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = ops.sum(layer.gate(x, training=training) * uneven)
        *at_weights, at_x = tape.gradient(value, [*(w.value for w in weights), x])
    found = (layer.gate(x, training=training), *at_weights, at_x)
    return [ops.convert_to_numpy(each) for each in found]


def images(scale):
    """All of the first channel is 0, all of the second is another number."""
    x = np.random.default_rng(1).normal(1, 1, (6, 2, 2, CHANNELS)).astype("float32")
    x[..., 0], x[..., 1] = 0, 1.1
    return scale * x


def made(cls, moving_variance=1.0, **arguments):
    keras.utils.set_random_seed(0)
    layer = cls(**arguments)
    layer.build((None, 2, 2, CHANNELS))
    for weight in layer.non_trainable_weights:
        if "variance" in weight.path:
            weight.assign(np.full(weight.shape, moving_variance))
    return layer


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("cls", "arguments"),
    [
        (RecurrentAttention, {"k": 18, "gamma_initializer": 1.0}),
        (RecurrentAttention, {"k": 15, "gamma_initializer": -3.0, "shared": False}),
        (RecurrentAttention, {"k": 26, "gamma_initializer": 3.0, "connection": "rational"}),
        (RecurrentAttention, {"k": 2, "gamma_initializer": 0.0, "connection": "exponential"}),
        (EfficientChannelAttention, {"k": 18}),
    ],
)
def test_gate_and_gradients_are_finite(cls, arguments, training):
    layer = made(cls, moving_variance=1e-14, **arguments)
    for found in gate_and_gradients(layer, images(1e4), training):
        assert np.isfinite(found).all()


def test_finite_up_to_100():
    layer = made(RecurrentAttention, k=100, gamma_initializer=0.5)
    gate, *gradients = gate_and_gradients(layer, images(1.0), training=True)
    assert all(np.isfinite(each).all() for each in (gate, *gradients))
    # The other channels have theirs, and so have the last transform and its connection.
    assert np.abs(gradients[-1][..., 2:]).max(axis=(0, 1, 2)).min() > 0
    assert (gradients[-1][..., :2] == 0).all()


def test_a_batch_of_equal_images():
    layer = made(EfficientChannelAttention, k=20)
    for found in gate_and_gradients(layer, np.ones((4, 2, 2, CHANNELS), "float32"), True):
        assert np.isfinite(found).all()


@pytest.mark.parametrize("training", [True, False])
def test_gradients_that_a_float32_holds_are_those_of_the_equations(training, monkeypatch):
    layer = made(RecurrentAttention, k=6, gamma_initializer=0.5)
    guarded = gate_and_gradients(layer, images(1.0), training)
    layer = made(RecurrentAttention, k=6, gamma_initializer=0.5)
    monkeypatch.setattr(steepness, "STEEPEST", np.inf)
    monkeypatch.setattr(steepness, "LARGEST", np.inf)
    for found, expected in zip(
        guarded, gate_and_gradients(layer, images(1.0), training), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-12)
    assert np.abs(guarded[-1][..., 0]).max() > 1e6 or not training


@pytest.mark.parametrize("policy", HALF_PRECISIONS)
def test_half_precision(policy):
    """Keras casts what is read of a connection outside of its own call."""
    layer = RecurrentAttention(k=steepness.LONG, dtype=policy)
    x = ops.cast(images(1.0), layer.compute_dtype)
    y = layer(x, training=True)
    assert y.dtype == x.dtype
    assert np.isfinite(ops.convert_to_numpy(ops.cast(y, "float32"))).all()
