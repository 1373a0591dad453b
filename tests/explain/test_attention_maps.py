"""Soft masks, and gates of places, over an image."""

import numpy as np
import pytest
from keras import ops

from ras_keras.explain.attention_maps import AttentionMaps
from ras_keras.explain.image_page import image_page
from ras_keras.gates import Gates
from ras_keras.insertion import add_attention
from ras_keras.models import ResidualAttention, ResNet
from tests.conformance.fixed_weights import fixed_images
from tests.conformance.subjects import fill
from tests.insertion.networks import nested
from tests.tiers import tiered

NAMES = ["stage1_module1_mask", "stage2_module1_mask", "stage3_module1_mask"]


@pytest.mark.slow
def test_masks_and_their_gates():
    """Computed anew from what goes into each mask's layer."""
    model = ResidualAttention(56, input_shape=(16, 16, 3))
    fill(model)
    images = fixed_images((2, 16, 16, 3))
    masks, gates = AttentionMaps(model), Gates(model)
    assert masks.names == NAMES == [place.layer for place in gates.places]
    for name, mask, gate in zip(NAMES, masks(images), gates(images), strict=True):
        layer = model.get_layer(name)
        inner = type(model)(model.inputs[0], layer.input[1])
        m = 1 / (1 + np.exp(-ops.convert_to_numpy(inner(images)).astype("float64")))
        np.testing.assert_allclose(mask, m.mean(axis=-1), atol=1e-5)
        np.testing.assert_allclose(gate, m.mean(axis=(1, 2)), atol=1e-5)


def test_a_network_without_maps():
    maps = AttentionMaps(ResNet(11, attention="ge"))
    assert maps.names == [] == maps(fixed_images((1, 32, 32, 3)))


OF_PLACES = ("cbam", "ge", "gc", "bam", "coordinate", "simam", "triplet", "shuffle")


@pytest.mark.parametrize("attention", tiered(OF_PLACES, lambda name: name not in ("cbam", "ge")))
def test_gates_of_places(attention):
    """Each block has one, which is what its layer makes of the block's branch."""
    config = {"extent": 2} if attention == "ge" else {}
    model = ResNet(11, attention=attention, attention_config=config, input_shape=(16, 16, 3))
    fill(model)
    images = fixed_images((2, 16, 16, 3))
    maps = AttentionMaps(model)
    assert maps.names == [f"stage{stage}_block1_attention" for stage in (1, 2, 3)]
    for name, found in zip(maps.names, maps(images), strict=True):
        layer = model.get_layer(name)
        branch = type(model)(model.inputs[0], layer.input)(images)
        assert found.shape[0] == 2 and found.std() > 0
        np.testing.assert_allclose(found, layer.attention_map(branch), rtol=1e-4, atol=1e-6)


def test_models_within_a_model():
    made = add_attention(nested(), "simam")
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 8)).astype("float32")
    maps = AttentionMaps(made)
    # The backbone is called twice.
    blocks = ["backbone/block1_attention", "backbone/block2_attention"]
    assert maps.names == [*blocks, *blocks, "own_attention"]
    assert [each.shape for each in maps(images)] == [(2, 8, 8)] * 5


def test_the_page_draws_every_map():
    maps = {f"map{i}": np.full((4, 4), i / 10) for i in range(8)}
    probabilities = np.array([0.25, 0.75])
    page = image_page(
        fixed_images((1, 8, 8, 3))[0],
        np.zeros((8, 8)),
        probabilities,
        ("a", "b"),
        1,
        "title",
        maps=maps,
    )
    titles = [axes.get_title().partition("\n")[0] for axes in page.axes]
    assert {*maps} <= {*titles}
