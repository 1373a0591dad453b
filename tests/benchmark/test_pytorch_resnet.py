"""The PyTorch network beside ours, with the same weights."""

import numpy as np
import pytest

from ras_keras.benchmark import pytorch_twin
from ras_keras.benchmark.network_list import network_recipes
from ras_keras.benchmark.network_speed import scattered, synthetic_batch
from ras_keras.errors import UserError

CLASSES = 10

torch = pytest.importorskip("torch")


def recipe_of(attention, depth=11):
    (recipe,) = network_recipes(
        ("resnet",), (depth,), (attention,), batch_size=8, precision="float32"
    )
    return recipe


@pytest.mark.parametrize(
    "attention", ["none", "ras", "ras:normalize_input=False", "ras:k=1", "ras:k=3"]
)
def test_outputs_and_parameters_agree(attention):
    """`twin` refuses outputs that differ by more than 1e-4."""
    recipe = recipe_of(attention)
    model = scattered(recipe, CLASSES)
    network = pytorch_twin.twin(recipe.network, model, synthetic_batch(recipe, CLASSES)[0])
    ours = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert sum(weight.numel() for weight in network.parameters()) == ours


def test_a_weight_in_a_wrong_place_shows(monkeypatch):
    from ras_keras.benchmark import pytorch_resnet

    def swapped(layer, attention):
        pytorch_resnet._assign(attention.gamma, layer.beta)
        pytorch_resnet._assign(attention.beta, layer.gamma)

    recipe = recipe_of("ras:k=1")
    monkeypatch.setattr(pytorch_resnet, "_copy_attention", swapped)
    model, (images, _) = scattered(recipe, CLASSES), synthetic_batch(recipe, CLASSES)
    with pytest.raises(UserError, match="not the same network"):
        pytorch_twin.twin(recipe.network, model, images)
