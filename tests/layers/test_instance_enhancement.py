"""Instance enhancement: as a gate by name, and in every batch normalization of a network."""

import numpy as np
import pytest
from keras import layers, ops

from ras_keras.layers import (
    BatchNormalization,
    InstanceEnhancementBatchNormalization,
    RecurrentAttention,
    make_attention,
)
from ras_keras.layers.parts.batch_normalization import EPSILON
from ras_keras.models import ImageNetResNet, PreResNet, ResNet, ResNeXt, WideResNet
from ras_keras.saving.loading import load_model
from tests.conformance.fixed_weights import fixed_images
from tests.tiers import HALF_PRECISIONS, tiered


def test_the_gate_is_recurrent_attention_of_one_application():
    made = make_attention("iebn", {"beta_initializer": -2})
    same = RecurrentAttention(k=1, normalize_input=False, beta_initializer=-2, name=made.name)
    assert type(made) is RecurrentAttention
    assert made.get_config() == same.get_config()


def random_layer(**options):
    """With values of its own in every weight."""
    layer = InstanceEnhancementBatchNormalization(**options)
    layer.build((None, 5, 6, 4) if options.get("axis", -1) == -1 else (None, 4, 5, 6))
    random = np.random.default_rng(1)
    for weight in layer.weights:
        weight.assign(random.uniform(0.5, 1.5, weight.shape))
    return layer


@pytest.mark.parametrize("training", [False, True])
def test_follows_its_equations(training):
    """The scaled part of the normalization times the gate of its input, then the shift."""
    layer = random_layer()
    x = np.random.default_rng(0).normal(size=(3, 5, 6, 4))
    gamma, beta, instance_gamma, instance_beta, mean, variance = (
        np.float64(ops.convert_to_numpy(each))
        for each in (
            *(layer.gamma, layer.beta, layer.instance_gamma, layer.instance_beta),
            *(layer.moving_mean, layer.moving_variance),
        )
    )
    if training:
        mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
    d = 1 / (1 + np.exp(-(x.mean(axis=(1, 2)) * instance_gamma + instance_beta)))
    expected = (x - mean) / np.sqrt(variance + EPSILON) * gamma * d[:, None, None] + beta
    found = layer(ops.convert_to_tensor(x, "float32"), training=training)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_channels_first():
    last, first = random_layer(), random_layer(axis=1)
    x = np.random.default_rng(0).normal(size=(3, 5, 6, 4)).astype("float32")
    found = first(x.transpose(0, 3, 1, 2))
    np.testing.assert_allclose(ops.transpose(found, (0, 2, 3, 1)), last(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("policy", HALF_PRECISIONS)
def test_half_precision(policy):
    half, exact = random_layer(dtype=policy), random_layer()
    x = ops.cast(np.random.default_rng(0).normal(size=(3, 5, 6, 4)), half.compute_dtype)
    assert half.gate(x).dtype == exact.gate(ops.cast(x, "float32")).dtype
    expected = ops.convert_to_numpy(exact(ops.cast(x, "float32")))
    found = ops.convert_to_numpy(ops.cast(half(x), "float32"))
    assert np.abs(found - expected).max() < 2**-6 * np.abs(expected).max()


BUILDS = [
    lambda **options: ResNet(11, attention=None, **options),
    lambda **options: ResNet(11, aggregation="rla", aggregation_config={"channels": 4}, **options),
    lambda **options: PreResNet(11, attention="se", **options),
    lambda **options: WideResNet(10, widen_factor=1, **options),
    lambda **options: ResNeXt(11, cardinality=2, base_width=8, **options),
    lambda **options: ImageNetResNet(18, input_shape=(32, 32, 3), classes=10, **options),
]


@pytest.mark.parametrize("build", tiered(BUILDS, lambda build: build is not BUILDS[1]))
def test_networks(build, tmp_path):
    """In the place of every normalization of the network itself, and of no gate's."""
    plain, made = build(), build(normalization="iebn")

    def of_network(model):
        return [each for each in model.layers if isinstance(each, layers.BatchNormalization)]

    assert {type(each) for each in of_network(plain)} == {BatchNormalization}
    assert {type(each) for each in of_network(made)} == {InstanceEnhancementBatchNormalization}
    names = [each.name for each in of_network(plain)]
    assert [each.name for each in of_network(made)] == names
    channels = sum(each.gamma.shape[0] for each in of_network(made))
    assert made.count_params() == plain.count_params() + 2 * channels
    made.save(tmp_path / "made.keras")
    images = fixed_images((2, 32, 32, 3))
    loaded = load_model(tmp_path / "made.keras")
    np.testing.assert_allclose(loaded(images), made(images), atol=1e-6)
    # What a network is built with ends with it.
    assert type(of_network(build())[0]) is BatchNormalization


def test_refuses_what_does_not_exist():
    with pytest.raises(ValueError, match="`normalization` must be one of batch_norm, iebn"):
        ResNet(11, normalization="layer_norm")
    with pytest.raises(ValueError, match="has a scale and a shift"):
        InstanceEnhancementBatchNormalization(center=False)
