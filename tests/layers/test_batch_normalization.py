"""The fused kernel against Keras's equations, and where it is used."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ras_keras.layers.parts.batch_normalization import BatchNormalization
from tests.tiers import HALF_PRECISIONS

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the fused kernel is TensorFlow's"
)


def pair(shape, **options):
    """Ours and Keras's, with the same random weights."""
    rng = np.random.default_rng(0)
    layers = [
        BatchNormalization(**options),
        keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, **options),
    ]
    for layer in layers:
        layer.build(shape)
    values = [rng.uniform(0.5, 2, weight.shape) for weight in layers[0].weights]
    for layer in layers:
        layer.set_weights(values)
    return layers


def images(shape):
    return (3 + 2 * np.random.default_rng(1).normal(size=shape)).astype("float32")


@pytest.mark.parametrize("shape", [(4, 6, 5, 8), (2, 1, 1, 8), (16, 8)])
@pytest.mark.parametrize("training", [True, False])
def test_gives_what_keras_gives(shape, training):
    x = images(shape)
    outputs, gradients, statistics = [], [], []
    for layer in pair(shape):
        with tf.GradientTape() as tape:
            inputs = tf.constant(x)
            tape.watch(inputs)
            y = layer(inputs, training=training)
            loss = tf.reduce_sum(y**3)
        outputs.append(y)
        gradients.append(tape.gradient(loss, [inputs, *layer.trainable_variables]))
        statistics.append([layer.moving_mean.numpy(), layer.moving_variance.numpy()])
    np.testing.assert_allclose(*outputs, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(*statistics, rtol=1e-5)
    for ours, theirs in zip(*gradients, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=2e-2)


def test_a_frozen_layer_uses_and_keeps_its_moving_statistics():
    shape = (4, 6, 5, 8)
    outputs = []
    for layer in pair(shape, trainable=False):
        before = layer.get_weights()
        outputs.append(layer(images(shape), training=True))
        for kept, now in zip(before, layer.get_weights(), strict=True):
            np.testing.assert_array_equal(kept, now)
    np.testing.assert_allclose(*outputs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("policy", HALF_PRECISIONS)
def test_half_precision(policy):
    shape = (4, 6, 5, 8)
    ours, theirs = (layer(images(shape), training=True) for layer in pair(shape, dtype=policy))
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(
        tf.cast(ours, "float32"), tf.cast(theirs, "float32"), rtol=2e-2, atol=4e-2
    )


@pytest.mark.parametrize(
    ("options", "shape", "fused"),
    [
        ({}, (None, 6, 5, 8), True),
        ({}, (None, None, None, 8), True),
        ({"axis": 1}, (None, 8, 6, 5), False),
        ({"dtype": "float64"}, (None, 6, 5, 8), False),
        ({"scale": False}, (None, 6, 5, 8), False),
        ({}, (None, 8), False),
        ({"fused": False}, (None, 6, 5, 8), False),
    ],
)
@pytest.mark.parametrize("training", [True, False])
def test_maps_with_channels_last_go_through_the_fused_kernel(options, shape, fused, training):
    layer = BatchNormalization(**options)
    layer.build(shape)
    traced = tf.function(lambda x: layer(x, training=training)).get_concrete_function(
        tf.TensorSpec(shape, options.get("dtype", "float32"))
    )
    assert ("FusedBatchNormV3" in {op.type for op in traced.graph.get_operations()}) == fused


def test_a_tanh_behind_a_convolution():
    """With oneDNN, which the tests turn on, TensorFlow merges the three and has no kernel then."""
    images = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 1, use_bias=False)(images)
    outputs = keras.layers.Activation("tanh")(BatchNormalization(fused=False)(x))
    model = keras.Model(images, outputs)
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")
    np.testing.assert_allclose(model.predict(x, verbose=0), model(x), rtol=1e-4, atol=1e-6)
