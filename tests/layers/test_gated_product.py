"""The product with a gate that trains faster on a CPU, against the plain product."""

import keras
import numpy as np
import pytest
from keras import ops

from ras_keras.layers.attention import Attention
from ras_keras.layers.registry import make_attention

tensorflow = keras.backend.backend() == "tensorflow"
only_tensorflow = pytest.mark.skipif(not tensorflow, reason="the fast product is TensorFlow's")
# Those that give one gate a channel, and options under which their gate looks at the image.
GATES = {
    "ras": {"gamma_initializer": 0.5},
    "ras:k=6": {"k": 6, "gamma_initializer": 0.5},
    "ras:gain": {"gamma_initializer": 0.5, "gain": 3.0},
    "se": {},
    "eca": {},
    "channel_scale": {},
    "srm": {},
    "gct": {},
    "sem": {},
    "fca": {},
    "cbam": {},
}


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(0.3, 1, (6, 8, 8, 32)).astype("float32")


def used(monkeypatch):
    """Counts how often the fast product was asked for and had."""
    had = []
    find = Attention._fast_product

    def counted(self, x, training):
        product = find(self, x, training)
        had.append(product is not None)
        return product

    monkeypatch.setattr(Attention, "_fast_product", counted)
    return had


def results(layer, x, training=True):
    """y, dL/dx and dL/dw of a layer in a function that is compiled, as a training step is."""
    import tensorflow as tf

    @tf.function
    def run(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=training)
            # Uneven, so that no gradient is a sum over equal places.
            loss = tf.reduce_sum(tf.sin(tf.range(tf.size(x), dtype="float32") * 0.1)
                                 * tf.reshape(tf.cast(y, "float32"), [-1]))
        weights = [v.value for v in layer.trainable_variables]
        found = tape.gradient(loss, [x, *weights], unconnected_gradients="zero")
        return y, *found

    return [np.asarray(ops.convert_to_numpy(ops.cast(t, "float32"))) for t in run(x)]


def both(name, x, monkeypatch, **settings):
    """The results by the fast and by the plain product, of layers with the same weights."""
    import tensorflow as tf

    had = used(monkeypatch)
    found = []
    for fast in (True, False):
        layer = make_attention(name.partition(":")[0], GATES[name] | settings)
        keras.utils.set_random_seed(1)
        layer.build(x.shape)
        for number, variable in enumerate(layer.trainable_variables):
            values = np.random.default_rng(number).normal(0.3, 0.5, variable.shape)
            variable.assign(values)
        if not fast:
            monkeypatch.setattr(Attention, "_fast_product", lambda self, x, training: None)
        found.append(results(layer, tf.cast(x, layer.compute_dtype)))
    assert any(had)
    return found


@only_tensorflow
@pytest.mark.parametrize("name", GATES)
def test_value_and_gradients_are_those_of_the_plain_product(name, x, monkeypatch):
    fast, plain = both(name, x, monkeypatch)
    for one, other in zip(fast, plain, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5 * np.abs(other).max())
