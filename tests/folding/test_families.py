"""Folding is exact for every family, without and with aggregation."""

import keras
import numpy as np
import pytest

from ras_keras.folding import fold
from ras_keras.layers.soft_mask import SoftMask
from ras_keras.models import ResNet
from ras_keras.saving.loading import load_model
from tests.conformance.fixed_weights import fixed_images
from tests.conformance.subjects import (
    fill,
    images_for,
    network,
    numpy,
    outputs,
    small_network,
)
from tests.conformance.table import LAYERS, NETWORKS
from tests.folding.test_folding import normalizations, random_images, scramble
from tests.tiers import tiered

CASES = [(row, case) for row in NETWORKS for case in row.golden]
# One of each kind of block, mask and cell is quick.
QUICK = {
    *("resnet_basic", "resnet_basic_rla", "resnet_rla_gru", "preresnet_rla"),
    *("imagenet_resnet", "mobilenet_v2", "residual_attention_naive"),
}


def assert_exact(model, folded, images):
    """To 1e-4 of the largest logit."""
    expected, found = outputs(model, images), outputs(folded, images)
    size = np.abs(expected).max()
    assert np.isfinite(size)
    assert np.ptp(expected, axis=0).max() > 1e-3 * size, "the images make a difference"
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * size)


@pytest.mark.parametrize(("row", "case"), tiered(CASES, lambda each: each[1] not in QUICK), ids=str)
def test_is_exact(row, case):
    model = network(row, case, classifier_activation=None)
    fill(model)
    folded = fold(model)
    assert normalizations(model)
    assert not normalizations(folded)
    assert_exact(model, folded, fixed_images((4, row.size, row.size, 3)))


@pytest.mark.parametrize("row", LAYERS, ids=str)
def test_networks_with_every_attention(row):
    """What stands around a layer is folded, what cannot be folded in it stays."""
    model = small_network(row.name, row.first | {"gain": 1.5})
    fill(model)
    folded = fold(model)
    assert len(normalizations(folded)) <= len(normalizations(model)) - 2
    images = images_for(model)
    np.testing.assert_allclose(numpy(folded(images)), numpy(model(images)), atol=1e-5)


def test_odd_maps_and_saving(tmp_path):
    """A folded network of any size, in a file."""
    model = ResNet(
        11,
        None,
        aggregation="rla",
        aggregation_config={"channels": 4, "cell": "lstm"},
        input_shape=(None, None, 3),
        classifier_activation=None,
    )
    fold(scramble(model)).save(tmp_path / "folded.keras")
    folded = load_model(tmp_path / "folded.keras")
    for height, width in ((17, 15), (20, 9)):
        images = random_images(4, 32)[:, :height, :width]
        assert_exact(model, folded, images)


def test_a_pyramid():
    """A model of several outputs."""
    model = scramble(
        ResNet(14, None, block="basic", aggregation="rla", include_top=False, features_only=True)
    )
    folded = fold(model)
    images = random_images(2)
    expected, found = model.predict_on_batch(images), folded.predict_on_batch(images)
    assert [*found] == [*expected] == ["P0", "P1", "P2"]
    for level, each in expected.items():
        np.testing.assert_allclose(found[level], each, rtol=0, atol=1e-4 * np.abs(each).max())


def test_masks_stay():
    inputs = keras.Input((8, 8, 3))
    trunk, x = (keras.layers.Conv2D(4, 3, padding="same")(inputs) for _ in range(2))
    y = SoftMask("spatial")([keras.layers.BatchNormalization()(each) for each in (trunk, x)])
    model = scramble(keras.Model(inputs, y))
    folded = fold(model)
    assert not normalizations(folded)
    assert [layer.mask for layer in folded.layers if isinstance(layer, SoftMask)] == ["spatial"]
    images = random_images(2, 8)
    np.testing.assert_allclose(
        folded.predict_on_batch(images), model.predict_on_batch(images), rtol=1e-4, atol=1e-3
    )
