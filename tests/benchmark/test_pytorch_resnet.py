"""The PyTorch network beside ours, with the same weights."""

import numpy as np
import pytest

from ras_keras.benchmark.networks.listed import network_recipes
from ras_keras.benchmark.networks.speed import scattered, synthetic_batch
from ras_keras.benchmark.pytorch import twin as pytorch_twin
from ras_keras.errors import UserError

CLASSES = 10

torch = pytest.importorskip("torch")


def recipe_of(attention, model="resnet", depth=11, aggregation="none"):
    (recipe,) = network_recipes(
        (model,), (depth,), (attention,), (aggregation,), batch_size=8, precision="float32"
    )
    return recipe


@pytest.mark.parametrize(
    "network",
    [
        *(("none",), ("ras",)),
        *(
            pytest.param(each, marks=pytest.mark.slow)
            for each in (
                *(("ras:normalize_input=False",), ("ras:k=1",), ("ras:k=3",)),
                ("none", "imagenet_resnet", 50),
                ("none", "imagenet_resnet", 50, "rla:channels=8"),
            )
        ),
    ],
    ids=str,
)
def test_outputs_and_parameters_agree(network):
    """`twin` refuses outputs that differ by more than 1e-4 of the largest."""
    recipe = recipe_of(*network)
    model = scattered(recipe, CLASSES)
    network = pytorch_twin.twin(recipe.network, model, synthetic_batch(recipe, CLASSES)[0])
    ours = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert sum(weight.numel() for weight in network.parameters()) == ours


def test_a_weight_in_a_wrong_place_shows(monkeypatch):
    right = pytorch_twin.entries_of

    def swapped(model, naming):
        entries = right(model, naming)
        block = "layer1.0"
        return entries | {
            f"{block}.w": entries[f"{block}.b"],
            f"{block}.b": entries[f"{block}.w"],
        }

    recipe = recipe_of("ras:k=1")
    monkeypatch.setattr(pytorch_twin, "entries_of", swapped)
    model, (images, _) = scattered(recipe, CLASSES), synthetic_batch(recipe, CLASSES)
    with pytest.raises(UserError, match="not the same network"):
        pytorch_twin.twin(recipe.network, model, images)


@pytest.mark.parametrize("off", [2e-7, np.nan, np.inf])
def test_small_probabilities_are_compared_as_large_ones(off):
    ours = np.full(1000, 1e-3)
    assert pytorch_twin.agree("probabilities", ours, ours + 5e-8) == 5e-8
    with pytest.raises(UserError, match="not the same network"):
        pytorch_twin.agree("probabilities", ours, ours + off)
    if np.isinf(off):
        with pytest.raises(UserError, match="not the same network"):
            pytorch_twin.agree("probabilities", ours + off, ours)


@pytest.mark.parametrize(
    ("network", "says"),
    [
        (("se",), "attention.*: se has not been written in PyTorch; choose none, or ras with"),
        (("none", "resnet:block=basic", 20), "resnet:block=basic has not .* choose resnet.$"),
        (("none", "imagenet_resnet", 34), "imagenet_resnet34 has not .* choose 50, 101 or 152"),
        (("none", "wrn", 10), "must be one of resnet, imagenet_resnet"),
        (("none", "resnet", 11, "rla"), "rla has not been written in PyTorch; choose none.$"),
        (("none", "imagenet_resnet", 50, "rla:cell=gru"), "or rla with options among channels"),
    ],
)
def test_networks_that_are_not_written(network, says):
    with pytest.raises(UserError, match=says):
        pytorch_twin.check_twin(recipe_of(*network).network)
