"""The stored golden outputs are those of the numpy references."""

import json

import numpy as np
import pytest

from ras_keras.models import PreResNet164, ResNeXt101, WideResNet52_4
from tests.conformance.make_golden import (
    GOLDEN,
    IMAGES,
    LAYERS,
    NETWORK_SHAPES,
    NETWORKS,
    layer_case,
    network_case,
)
from tests.models.test_parameters import DIANET, TABLE_1
from tests.tiers import tiered

STORED = json.loads(GOLDEN.read_text())


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name):
    case, stored = layer_case(name), STORED["layers"][name]
    assert {path: list(shape) for path, shape in case["weights"].items()} == stored["weights"]
    for values in ("pixels", "mean"):
        np.testing.assert_allclose(case[values], stored[values], rtol=1e-6)


@pytest.mark.parametrize(
    "name", tiered(NETWORKS, lambda name: NETWORK_SHAPES.get(name, IMAGES)[1] > 17)
)
def test_networks(name):
    case, stored = network_case(name), STORED["networks"][name]
    assert case["weights"] == stored["weights"]
    assert (case["total"], case["trainable"]) == (stored["total"], stored["trainable"])
    np.testing.assert_allclose(case["probabilities"], stored["probabilities"], rtol=1e-6)


def test_parameters():
    """The references ask for as many parameters as the published networks have."""
    for number, classes in enumerate(("10", "100")):
        published = STORED["published"][classes]
        for attention in ("se", "cbam", "eca", "sem", "spa", "dia"):
            assert published[f"resnet164_{attention}"]["trainable"] == TABLE_1[attention][number]
    dianet = {(network, name): count for network, name, *_, count in DIANET}
    for stored, key in (
        ("preresnet164_dia", (PreResNet164, "dia")),
        ("wrn52_4_dia", (WideResNet52_4, "dia")),
        ("resnext101_dia", (ResNeXt101, "dia")),
        ("resnext101", (ResNeXt101, None)),
    ):
        assert STORED["published"]["100"][stored]["trainable"] == dianet[key]
