import keras
import numpy as np
import pytest
from keras import ops

from ras_keras.layers import RecurrentAttention
from tests.layers.reference import BatchNorm, recurrent_attention
from tests.tiers import HALF_PRECISIONS

CHANNELS = 6
POLICIES = ["float32", "mixed_bfloat16", "mixed_float16"]
if keras.backend.backend() == "tensorflow":
    # JAX has no float64 unless it is told so before it starts.
    POLICIES.append("float64")
READINGS = [(True, False), (True, True), (False, False), (False, True)]


def random_layer(rng, channels=CHANNELS, **arguments):
    """A built layer in which every weight is away from its start, and from 0.

    A gamma near 0 before a batch normalization magnifies the rounding of float32.
    """
    layer = RecurrentAttention(**arguments)
    layer.build((None, None, None, channels))
    for weight in layer.weights:
        value = rng.uniform(0.2, 1.0, weight.shape)
        if "variance" not in weight.path:
            value *= rng.choice([-1, 1], weight.shape)
        weight.assign(value)
    return layer


def reference_norms(layer):
    made = [
        BatchNorm(
            *(
                ops.convert_to_numpy(w)
                for w in (bn.gamma, bn.beta, bn.moving_mean, bn.moving_variance)
            ),
            layer.momentum,
            layer.epsilon,
        )
        for bn in layer.connections
    ]
    return made * layer.k if layer.shared_connection else made


def assert_close(actual, expected):
    """Within 3e-5 of the largest value."""
    actual = ops.convert_to_numpy(actual)
    assert np.abs(actual - expected).max() <= 3e-5 * np.abs(expected).max()


@pytest.mark.parametrize("k", [1, 2, 3, 4])
@pytest.mark.parametrize(("normalize_input", "shared"), READINGS)
@pytest.mark.parametrize("training", [True, False])
def test_agrees_with_numpy(k, normalize_input, shared, training):
    rng = np.random.default_rng(k)
    layer = random_layer(rng, k=k, normalize_input=normalize_input, shared_connection=shared)
    x = rng.normal(size=(16, 5, 7, CHANNELS)).astype("float32")
    norms = reference_norms(layer)
    gamma, beta = ops.convert_to_numpy(layer.gamma), ops.convert_to_numpy(layer.beta)
    gate, y = recurrent_attention(x, gamma, beta, k, normalize_input, norms, training)
    if not training:
        assert_close(layer.gate(x), gate)
    assert_close(layer(x, training=training), y)
    for norm, bn in zip(norms, layer.connections, strict=False):
        assert_close(bn.moving_mean, norm.mean)
        assert_close(bn.moving_variance, norm.variance)


@pytest.mark.parametrize(
    ("k", "normalize_input", "shared", "connections"),
    [
        (1, True, False, 1),
        (3, True, False, 3),
        (3, False, False, 2),
        (3, True, True, 1),
        (1, False, False, 0),
        (1, False, True, 0),
        (3, False, True, 1),
    ],
)
def test_connections_and_parameters(k, normalize_input, shared, connections):
    layer = RecurrentAttention(k=k, normalize_input=normalize_input, shared_connection=shared)
    layer.build((None, 8, 8, CHANNELS))
    assert len(layer.connections) == connections
    assert layer.gamma.shape == layer.beta.shape == (CHANNELS,)
    count = sum(int(np.prod(w.shape)) for w in layer.trainable_weights)
    assert count == 2 * CHANNELS * (1 + connections)
    for bn in layer.connections:
        assert isinstance(bn, keras.layers.BatchNormalization)
        assert (bn.momentum, bn.epsilon, bn.synchronized) == (0.9, 1e-5, False)


def test_starts_as_published():
    layer = RecurrentAttention()
    y = layer(np.ones((2, 4, 4, 3), "float32"))
    np.testing.assert_allclose(y, 1 / (1 + np.e), rtol=1e-6)


@pytest.mark.parametrize("policy", POLICIES)
def test_policies_keep_the_gate_in_float32(policy):
    layer = RecurrentAttention(dtype=policy)
    x = ops.cast(np.ones((4, 3, 3, 5)), keras.DTypePolicy(policy).compute_dtype)
    y = layer(x)
    assert keras.backend.standardize_dtype(y.dtype) == layer.compute_dtype
    assert keras.backend.standardize_dtype(layer.gate(x).dtype) == "float32"
    assert {keras.backend.standardize_dtype(w.dtype) for w in layer.weights} == {"float32"}


@pytest.mark.parametrize("policy", HALF_PRECISIONS)
def test_a_small_gamma_survives_half_precision(policy):
    rng = np.random.default_rng(0)
    layer = RecurrentAttention(
        k=2, normalize_input=False, gamma_initializer=0.01, dtype=policy, epsilon=1e-5
    )
    x = rng.normal(size=(64, 8, 8, CHANNELS)).astype("float32")
    half = ops.cast(x, layer.compute_dtype)
    y = ops.convert_to_numpy(ops.cast(layer(half, training=True), "float32"))
    gate = ops.convert_to_numpy(layer.gate(half, training=True))
    norm = BatchNorm(1, 0, 0, 1, 0.9, 1e-5)
    exact, _ = recurrent_attention(
        ops.convert_to_numpy(ops.cast(half, "float32")), 0.01, -1.0, 2, False, [norm], True
    )
    for channel in range(CHANNELS):
        assert np.corrcoef(gate[:, channel], exact[:, channel])[0, 1] > 0.99
    assert y.shape == x.shape


def gradients(layer, x, weights):
    """d(loss)/d(weight) in training mode on either backend, for a loss that weighs V unevenly."""
    uneven = np.linspace(-1, 1, x.shape[0] * CHANNELS).reshape(x.shape[0], CHANNELS) ** 3
    uneven = uneven.astype("float32")
    if keras.backend.backend() == "jax":
        import jax

        others = [v for v in layer.variables if not any(v is w for w in weights)]

        def loss(values):
            mapping = [*zip(weights, values, strict=True), *((v, v.value) for v in others)]
            with keras.StatelessScope(state_mapping=mapping):
                return ops.sum(layer.gate(x, training=True) * uneven)

        found = jax.grad(loss)([w.value for w in weights])
    else:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            value = ops.sum(layer.gate(x, training=True) * uneven)
        found = tape.gradient(value, [w.value for w in weights])
    return [np.abs(ops.convert_to_numpy(g)).max() for g in found]


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("normalize_input", [True, False])
def test_published_start_is_a_saddle(k, normalize_input):
    """gamma = 0: the gradient is 0 in exact arithmetic, so here it is rounding noise."""
    x = np.random.default_rng(1).normal(size=(32, 4, 4, CHANNELS)).astype("float32")
    at = {}
    for start in (0.0, 0.1):
        layer = RecurrentAttention(k, normalize_input, gamma_initializer=start)
        layer.build(x.shape)
        last = layer.connections[-1]
        at[start] = gradients(layer, x, [layer.gamma, layer.beta, last.gamma, last.beta])
    gamma, beta, scale, shift = at[0.0]
    assert max(gamma, scale, shift) < 1e-4
    assert beta > 0.1
    assert min(at[0.1]) > 1e-2


def test_k_1_has_no_saddle():
    x = np.random.default_rng(1).normal(size=(32, 4, 4, CHANNELS)).astype("float32")
    layer = RecurrentAttention(k=1, normalize_input=False)
    layer.build(x.shape)
    assert gradients(layer, x, [layer.gamma])[0] > 1e-2


def test_only_the_last_connection_is_trained():
    """A following batch normalization removes shift and scale of those before it."""
    x = np.random.default_rng(2).normal(size=(64, 4, 4, CHANNELS)).astype("float32")
    layer = RecurrentAttention(k=3, gamma_initializer=0.5)
    layer.build(x.shape)
    scales = gradients(layer, x, [bn.gamma for bn in layer.connections])
    shifts = gradients(layer, x, [bn.beta for bn in layer.connections])
    assert max(shifts[:-1]) < 1e-4 < 1e-2 < shifts[-1]
    assert max(scales[:-1]) < 1e-2 * scales[-1]


def test_gate_answers_to_its_input_after_training():
    """To keep the channels whose mean is positive takes a gate that looks at its input.

    After 8 steps the gate that started on the saddle is still a constant, the
    other is not; after 48 both answer to the input.
    """
    rng = np.random.default_rng(3)
    x = (rng.normal(size=(256, 4, 4, 4)) + rng.normal(size=(256, 1, 1, 4))).astype("float32")
    y = x * (x.mean(axis=(1, 2), keepdims=True) > 0)

    def spreads(start):
        layer = RecurrentAttention(k=2, gamma_initializer=start)
        model = keras.Sequential([keras.Input((4, 4, 4)), layer])
        model.compile(keras.optimizers.SGD(0.1, 0.9), "mse")
        for epochs in (1, 5):
            model.fit(x, y, batch_size=32, epochs=epochs, verbose=0, shuffle=False)
            yield ops.convert_to_numpy(layer.gate(x)).std(axis=0).mean()

    (saddle_early, saddle_late), (early, late) = spreads(0.0), spreads(0.1)
    assert saddle_early < 1e-3 < 0.05 < early
    assert min(saddle_late, late) > 0.3


@pytest.mark.parametrize("connection", ["batch_norm", "rational", "tanh", "leaky_relu", None])
def test_round_trips(connection, tmp_path):
    rng = np.random.default_rng(4)
    layer = random_layer(
        rng,
        k=3,
        connection=connection,
        normalize_input=False,
        shared_connection=connection == "tanh",
        gamma_initializer="ones",
        momentum=0.8,
        epsilon=1e-4,
    )
    config = layer.get_config()
    assert RecurrentAttention.from_config(config).get_config() == config
    inputs = keras.Input((None, None, CHANNELS))
    model = keras.Model(inputs, layer(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = rng.normal(size=(4, 6, 5, CHANNELS)).astype("float32")
    np.testing.assert_array_equal(ops.convert_to_numpy(loaded(x)), ops.convert_to_numpy(model(x)))


def test_channels_first_is_the_same_gate():
    rng = np.random.default_rng(5)
    last = random_layer(rng, k=2)
    first = RecurrentAttention(k=2, data_format="channels_first")
    first.build((None, CHANNELS, None, None))
    first.set_weights(last.get_weights())
    x = rng.normal(size=(4, 3, 5, CHANNELS)).astype("float32")
    y = ops.convert_to_numpy(first(x.transpose(0, 3, 1, 2)))
    np.testing.assert_allclose(
        y.transpose(0, 2, 3, 1), ops.convert_to_numpy(last(x)), rtol=1e-6, atol=1e-6
    )


def test_in_a_subclassed_and_a_sequential_model():
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.attention = RecurrentAttention(k=2)

        def call(self, x, training=None):
            return self.attention(x, training=training)

    x = np.random.default_rng(6).normal(size=(4, 3, 3, 2)).astype("float32")
    sequential = keras.Sequential([RecurrentAttention(k=2)])
    for model in (Net(), sequential):
        model.compile("sgd", "mse")
        model.fit(x, x, epochs=1, verbose=0, shuffle=False)
        assert model.predict(x, verbose=0).shape == x.shape


@pytest.mark.parametrize("k", [0, -1, 1.5, "2", True, None])
def test_refuses_k(k):
    with pytest.raises(ValueError, match=r"`k` must be an integer >= 1\. Received: k="):
        RecurrentAttention(k=k)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"connection": "batchnorm"}, "one of batch_norm, affine, rational, .*tanh"),
        ({"connection": "glu"}, "Received: connection='glu'"),
        ({"data_format": "NHWC"}, "Received: data_format='NHWC'"),
        ({"gamma_initializer": "nothing"}, "nothing"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        RecurrentAttention(**arguments)


@pytest.mark.parametrize("shape", [(None, 8), (None, 8, 8, None)])
def test_refuses_shapes(shape):
    with pytest.raises(ValueError, match="takes inputs of rank 4 with a known number of channels"):
        RecurrentAttention().build(shape)
