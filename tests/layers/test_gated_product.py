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
GATES: dict[str, dict] = {
    "ras": {"gamma_initializer": 0.5},
    "ras:gain": {"k": 6, "gain": 3.0},
    "se": {},
    "eca": {},
    "channel_scale": {},
    "sem": {},
    "fca": {},
    "cbam": {},
    # A layer normalization of two numbers would make much of rounding.
    "gc": {"fusion": "multiply", "reduction_ratio": 2},
}
OTHER_GATES = ("srm", "gct")


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(0.3, 1, (16, 8, 8, 32)).astype("float32")


@pytest.fixture
def had(monkeypatch):
    """Whether the fast product was had, each time that it was asked for."""
    answers: list[bool] = []
    find = Attention._fast_product

    def noted(self, x, training):
        product = find(self, x, training)
        answers.append(product is not None)
        return product

    monkeypatch.setattr(Attention, "_fast_product", noted)
    return answers


def layer_of(name, shape, **settings):
    """An attention whose gate differs from image to image; the same one each time."""
    layer = make_attention(name.partition(":")[0], GATES.get(name, {}) | settings)
    keras.utils.set_random_seed(1)
    layer.build(shape)
    for number, variable in enumerate(layer.trainable_variables):
        # Away from 0, where a normalization makes much of rounding.
        variable.assign(np.random.default_rng(number).uniform(0.5, 1.5, variable.shape))
    return layer


def results(layer, x):
    """y, dL/dx and dL/dw in a function that is compiled, as a training step is."""
    import tensorflow as tf

    uneven = tf.constant(np.sin(np.arange(x.size)).reshape(x.shape), "float32")

    @tf.function
    def run(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.cast(layer(x, training=True), "float32")
            loss = tf.reduce_sum(uneven * y * y)
        weights = [variable.value for variable in layer.trainable_variables]
        return y, *tape.gradient(loss, [x, *weights], unconnected_gradients="zero")

    return [tf.cast(each, "float32").numpy() for each in run(tf.cast(x, layer.compute_dtype))]


def both_ways(name, x, monkeypatch, **settings):
    """The results by the fast product, and by the plain one."""
    fast = results(layer_of(name, x.shape, **settings), x)
    monkeypatch.setattr(Attention, "_fast_product", lambda self, x, training: None)
    return fast, results(layer_of(name, x.shape, **settings), x)


def check_equal(fast, plain, tolerance):
    (y, of_x, *of_weights), (plain_y, plain_of_x, *plain_of_weights) = fast, plain
    np.testing.assert_allclose(y, plain_y, rtol=0, atol=tolerance * np.abs(plain_y).max())
    np.testing.assert_allclose(of_x, plain_of_x, rtol=0, atol=tolerance * np.abs(plain_of_x).max())
    largest = max(np.abs(each).max() for each in plain_of_weights)
    for one, other in zip(of_weights, plain_of_weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * largest)


@only_tensorflow
@pytest.mark.parametrize("name", GATES)
def test_value_and_gradients_are_those_of_the_plain_product(name, x, had, monkeypatch):
    fast, plain = both_ways(name, x, monkeypatch)
    assert any(had)
    check_equal(fast, plain, 1e-5)


@only_tensorflow
@pytest.mark.slow
@pytest.mark.parametrize("name", OTHER_GATES)
def test_gates_that_do_more_than_pool(name, x, had, monkeypatch):
    fast, plain = both_ways(name, x, monkeypatch)
    assert any(had)
    check_equal(fast, plain, 1e-5)


@only_tensorflow
def test_in_bfloat16_they_differ_by_its_rounding(x, had, monkeypatch):
    fast, plain = both_ways("ras", x, monkeypatch, dtype="mixed_bfloat16")
    assert any(had)
    check_equal(fast, plain, 2.0**-7)


@only_tensorflow
def test_gradient_of_a_gradient(x, monkeypatch):
    import tensorflow as tf

    def of_gradient(layer):
        @tf.function
        def run(x):
            with tf.GradientTape() as outer:
                outer.watch(x)
                with tf.GradientTape() as inner:
                    inner.watch(x)
                    loss = tf.reduce_sum(layer(x, training=True) ** 3)
                penalty = tf.reduce_sum(inner.gradient(loss, x) ** 2)
            return outer.gradient(penalty, x)

        return run(tf.constant(x)).numpy()

    fast = of_gradient(layer_of("se", x.shape))
    monkeypatch.setattr(Attention, "_fast_product", lambda self, x, training: None)
    plain = of_gradient(layer_of("se", x.shape))
    np.testing.assert_allclose(fast, plain, rtol=0, atol=1e-4 * np.abs(plain).max())


@pytest.mark.parametrize(
    ("settings", "training", "dtype"),
    [
        ({}, False, "float32"),
        ({}, True, "float16"),
        ({"data_format": "channels_first"}, True, "float32"),
    ],
)
def test_elsewhere_the_product_is_plain(settings, training, dtype, x, had):
    layer = layer_of(
        "ras", x.shape, dtype=f"mixed_{dtype}" if dtype != "float32" else dtype, **settings
    )
    layer(ops.cast(x, dtype), training=training)
    assert had
    assert not any(had)


@pytest.mark.skipif(tensorflow, reason="of the other backends")
def test_other_backends_have_the_plain_product(x, had):
    layer_of("ras", x.shape)(x, training=True)
    assert had == [False]


@only_tensorflow
def test_a_saved_layer_trains_the_same(x, had, tmp_path):
    inputs = keras.Input(x.shape[1:])
    model = keras.Model(inputs, layer_of("ras", x.shape)(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    had.clear()
    first, second = (results(each, x) for each in (model, loaded))
    assert had == [True, True]
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
