"""A folded network predicts what the original predicts."""

import keras
import numpy as np
import pytest
from keras import layers

from ras_keras.data import load_dataset
from ras_keras.folding import fold
from ras_keras.gates.gates import Gates
from ras_keras.layers import GatedConvolution, RecurrentAttention, ScaleShift
from ras_keras.models import PreResNet, ResNet, ResNeXt, WideResNet
from ras_keras.saving.loading import load_model
from tests.tiers import HALF_PRECISIONS, tiered

NETWORKS = {
    "plain": lambda: ResNet(11, None),
    "ras": lambda: ResNet(11),
    "ras_released": lambda: ResNet(11, attention_config={"k": 3, "normalize_input": False}),
    "ras_unshared": lambda: ResNet(11, attention_config={"shared": False}),
    "ras_shared_connection": lambda: ResNet(11, attention_config={"shared_connection": True}),
    "ras_tanh": lambda: ResNet(11, attention_config={"connection": "tanh"}),
    "ras_without_batch_norm": lambda: ResNet(11, batch_norm=False),
    "ras_gain": lambda: ResNet(11, attention_config={"gain": 2.5}),
    "ras_without_skip": lambda: ResNet(11, skip=False),
    "se": lambda: ResNet(11, "se", {"k": 2}),
    "eca": lambda: ResNet(11, "eca", {"k": 2}),
    "spa": lambda: ResNet(11, "spa", {"k": 2, "normalize_input": True}),
    "cbam": lambda: ResNet(11, "cbam"),
    "sem": lambda: ResNet(11, "sem"),
    "dia": lambda: ResNet(11, "dia"),
    "preresnet": lambda: PreResNet(11),
    "preresnet_dia": lambda: PreResNet(11, "dia"),
    "wrn": lambda: WideResNet(10, widen_factor=1, dropout=0.3),
    "resnext": lambda: ResNeXt(11, cardinality=2, base_width=8),
}


def random_images(n, size=32):
    return np.random.default_rng(0).integers(0, 256, (n, size, size, 3), "uint8")


def scramble(model):
    """Gives what starts at a constant values as after a training."""
    random = np.random.default_rng(1)
    for weight in model.weights:
        name = weight.path.rpartition("/")[2]
        if name in ("moving_variance", "gamma"):
            weight.assign(random.uniform(0.3, 2, weight.shape))
        elif name in ("moving_mean", "beta", "bias"):
            weight.assign(random.normal(0, 0.3, weight.shape))
    return model


def normalizations(model):
    return [
        layer for layer in model._flatten_layers() if isinstance(layer, layers.BatchNormalization)
    ]


def assert_same(model, folded, images, tolerance=1e-5):
    expected, found = model.predict_on_batch(images), folded.predict_on_batch(images)
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


# One of each kind of folding.
QUICK = ("plain", "ras", "ras_gain", "eca", "cbam", "dia", "wrn", "resnext")


@pytest.mark.parametrize("name", tiered(NETWORKS, lambda name: name not in QUICK))
def test_networks(name):
    model = scramble(NETWORKS[name]())
    folded = fold(model)
    assert_same(model, folded, random_images(4))
    assert normalizations(model) and not normalizations(folded)
    again = fold(folded)
    assert again.get_config() == folded.get_config()
    for ours, theirs in zip(again.get_weights(), folded.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.fixture(scope="module")
def trained():
    """A network whose statistics and gates a training has moved, and 1,000 real images."""
    keras.utils.set_random_seed(0)
    digits = load_dataset("digits")
    model = ResNet(11, attention_config={"gamma_initializer": 0.1})
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9), "sparse_categorical_crossentropy")
    images, labels = digits.train.images, digits.train.labels[:480]
    model.fit(images[:480], labels, batch_size=32, epochs=2, shuffle=False, verbose=0)
    return model, images[:1000]


@pytest.mark.slow
def test_a_trained_network_on_real_images(trained, tmp_path):
    model, images = trained
    start = ResNet(11, attention_config={"gamma_initializer": 0.1})
    moved = [
        float(np.abs(new - old).max())
        for new, old in zip(model.get_weights(), start.get_weights(), strict=True)
    ]
    assert min(moved) > 0
    file = tmp_path / "folded.keras"
    fold(model).save(file)
    expected = model.predict(images, verbose=0)
    found = load_model(file).predict(images, verbose=0)
    assert np.abs(found - expected).max() <= 1e-4
    np.testing.assert_array_equal(found.argmax(axis=1), expected.argmax(axis=1))
    assert expected.std(axis=0).max() > 0.01


def test_the_original_is_left_alone():
    model, images = scramble(ResNet(11)), random_images(4)
    config, weights = model.get_config(), model.get_weights()
    gates = Gates(model)(images)
    folded = fold(model)
    assert model.get_config() == config
    for ours, theirs in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert not folded.compiled
    # A folded network has the same gates, under the same names.
    assert [layer.name for layer in Gates(folded).layers] == [
        layer.name for layer in Gates(model).layers
    ]
    for ours, theirs in zip(Gates(folded)(images), gates, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_the_gate_goes_with_its_convolution():
    folded = fold(ResNet(11))
    assert sum(isinstance(layer, GatedConvolution) for layer in folded.layers) == 3
    assert not any(isinstance(layer, layers.Add | RecurrentAttention) for layer in folded.layers)


@pytest.mark.parametrize("logit", [-100, -20, 0, 100])
def test_a_gate_that_is_nearly_shut_or_open(logit):
    """The folded convolution divides by V."""
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 1)(inputs)
    gated = RecurrentAttention(k=1, connection=None, beta_initializer=logit)(x)
    outputs = layers.Activation("relu")(layers.Add()([gated, layers.Conv2D(4, 1)(inputs)]))
    model = keras.Model(inputs, outputs)
    folded = fold(model)
    assert isinstance(folded.layers[-1], GatedConvolution)
    images = random_images(4, 8)
    expected = model.predict_on_batch(images)
    np.testing.assert_allclose(folded.predict_on_batch(images), expected, rtol=1e-5, atol=1e-4)
    assert expected.max() > 1


class Doubled(layers.Layer):
    """A layer that folding does not know."""

    def call(self, x):
        return x * 2


class WithoutConfig(layers.Layer):
    """One that Keras cannot build again."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def call(self, x):
        return x * self.factor


class Trebled(keras.Sequential):
    """A model of Keras's whose call is its own."""

    def call(self, x, **kwargs):
        return 3 * super().call(x, **kwargs)


def head(x):
    return layers.Dense(3, "softmax")(layers.GlobalAveragePooling2D()(x))


def foreign_models():
    """Networks of a user's, each with something that must not be folded as usual."""
    inputs = keras.Input((8, 8, 3))

    def convolved(**kwargs):
        return layers.Conv2D(4, 3, padding="same", **kwargs)(inputs)

    x = convolved(activation="tanh")
    yield "activation", inputs, layers.BatchNormalization()(x), 1
    x = convolved()
    yield "two_readers", inputs, layers.Add()([layers.BatchNormalization()(x), x]), 1
    yield "other_axis", inputs, layers.BatchNormalization(axis=1)(convolved()), 1
    norm = layers.BatchNormalization()
    yield "shared", inputs, layers.Add()([norm(convolved()), norm(convolved())]), 1
    x = layers.BatchNormalization(scale=False, center=False)(convolved(use_bias=True))
    yield "unknown", inputs, Doubled()(x), 0
    yield "operator", inputs, layers.BatchNormalization()(convolved()) * 2 + 1, 0
    inner = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Conv2D(4, 1), layers.BatchNormalization()]
    )
    yield "nested", inputs, inner(inputs), 0
    adapted = layers.Normalization()
    adapted.adapt(np.random.default_rng(2).normal(3, 2, (50, 8, 8, 3)))
    yield "adapted", inputs, layers.Conv2D(4, 1)(adapted(inputs)), 0
    yield "without_config", inputs, layers.BatchNormalization()(WithoutConfig(3)(inputs)), 1
    x = Trebled([keras.Input((8, 8, 3)), layers.Conv2D(4, 1)])(inputs)
    yield "own_call", inputs, layers.BatchNormalization()(x), 1
    gates = [RecurrentAttention()(layers.Conv2D(4, 1)(inputs)) for _ in range(2)]
    yield "two_gates", inputs, layers.ReLU()(layers.Add()(gates)), 0
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, bias_initializer="normal")(inputs)
    yield "depthwise", inputs, layers.BatchNormalization()(x), 0
    x = layers.DepthwiseConv2D(3, use_bias=False)(inputs)
    yield "depthwise_without_bias", inputs, layers.BatchNormalization()(x), 0
    x = layers.Conv2D(6, 3, groups=3)(inputs)
    yield "grouped", inputs, layers.BatchNormalization()(x), 0
    x = layers.SeparableConv2D(4, 3)(inputs)
    yield "separable", inputs, layers.BatchNormalization()(x), 1
    x = layers.Conv2D(4, 1, strides=2)(inputs)
    yield "strided_gate", inputs, RecurrentAttention()(layers.BatchNormalization()(x)), 0
    x = layers.Conv2D(4, 1)(inputs)
    gated = RecurrentAttention()(x)
    yield "gated_twice_read", inputs, layers.Add()([gated, gated]), 0
    yield (
        "shortcut_that_broadcasts",
        inputs,
        layers.Add()([RecurrentAttention()(x), layers.Conv2D(1, 1)(inputs)]),
        0,
    )


@pytest.mark.parametrize("name", [name for name, *_ in foreign_models()])
def test_foreign_models(name):
    (inputs, outputs, left) = next(rest for each, *rest in foreign_models() if each == name)
    model = scramble(keras.Model(inputs, head(outputs)))
    folded = fold(model)
    assert_same(model, folded, random_images(4, 8))
    assert sum(isinstance(layer, ScaleShift) for layer in folded.layers) == left


def test_batch_statistics_that_were_asked_for_stay():
    inputs = keras.Input((8, 8, 3))
    x = layers.BatchNormalization()(layers.Conv2D(4, 1)(inputs), training=True)
    model = scramble(keras.Model(inputs, head(x)))
    folded = fold(model)
    assert len(normalizations(folded)) == 1
    assert_same(model, folded, random_images(4, 8))


def test_models_of_other_kinds():
    sequential = scramble(
        keras.Sequential([keras.Input((5,)), layers.Dense(4), layers.BatchNormalization()])
    )
    folded = fold(sequential)
    assert not normalizations(folded)
    assert_same(sequential, folded, np.random.default_rng(0).normal(size=(4, 5)).astype("float32"))

    class Own(keras.Model):
        def call(self, x):
            return x

    own = Own()
    assert fold(own) is own


@pytest.mark.parametrize("policy", HALF_PRECISIONS)
def test_mixed_precision(policy):
    keras.config.set_dtype_policy(policy)
    model = scramble(ResNet(11))
    keras.config.set_dtype_policy("float32")
    assert_same(model, fold(model), random_images(4), tolerance=0.05)


def test_layers_without_training_mode():
    """What a folded network computes does not depend on `training`."""
    model = fold(scramble(PreResNet(11)))
    images = random_images(2)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(model(images, training=True)),
        keras.ops.convert_to_numpy(model(images, training=False)),
    )
