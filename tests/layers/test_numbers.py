"""NumPy's numbers are numbers, and what is saved of them is plain."""

import json

import keras
import numpy as np
import pytest

from ras_keras.layers import ATTENTION, DenseImplicitAttention, RecurrentAttention, make_attention
from ras_keras.layers.registry import constructor_arguments
from ras_keras.models import ResNet, ResNeXt, WideResNet
from ras_keras.training import Recipe

INTEGER, FLOAT = np.int64, np.float32


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("ras", {"k": INTEGER(3), "gamma_initializer": FLOAT(0.5), "momentum": FLOAT(0.5)}),
        ("ras", {"beta_initializer": INTEGER(-1), "epsilon": FLOAT(0.25)}),
        ("se", {"reduction_ratio": np.uint8(4), "k": INTEGER(2)}),
        ("eca", {"kernel_size": INTEGER(3)}),
        ("cbam", {"kernel_size": INTEGER(3), "reduction_ratio": INTEGER(4)}),
        ("dia", {"cells": INTEGER(2), "dropout": FLOAT(0.5)}),
    ],
)
def test_layers(name, arguments):
    layer = make_attention(name, arguments)
    config = json.loads(json.dumps(layer.get_config()))
    assert type(layer).from_config(config).get_config() == layer.get_config()


def test_networks():
    labels = np.array([0, 4, 2])
    model = ResNet(
        INTEGER(11),
        "none",
        attention_stages=np.array([1, 3]),
        classes=labels.max() + 1,
        input_shape=np.array([16, 16, 3]),
        mean=np.float32([1, 2, 3]),
        variance=np.float32([4, 5, 6]),
    )
    assert model.output_shape == (None, 5)
    json.loads(model.to_json())
    model = WideResNet(INTEGER(10), None, widen_factor=INTEGER(1), dropout=FLOAT(0.5))
    json.loads(model.to_json())


@pytest.mark.parametrize("value", [np.array(3), True, np.True_, 3.0, "3", np.float32(3)])
def test_what_is_no_integer(value):
    with pytest.raises(ValueError, match="`k` must be an integer >= 1"):
        RecurrentAttention(k=value)
    with pytest.raises(ValueError, match="`classes` must be an integer >= 1"):
        ResNet(11, None, classes=value)
    with pytest.raises(ValueError, match="`depth` must be an integer 9n"):
        ResNet(value, None)


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: RecurrentAttention(k=1001), "k=1001"),
        (lambda: DenseImplicitAttention(cells=10**9), "cells=1000000000"),
        (lambda: ResNet(1_000_000_001), "depth=1000000001"),
        (lambda: WideResNet(10, widen_factor=10**14), "widen_factor=100000000000000"),
        (lambda: ResNeXt(11, cardinality=10**9), "cardinality=1000000000"),
        (lambda: ResNet(11, None, classes=10**14), "classes=100000000000000"),
    ],
)
def test_what_no_memory_holds(make, named):
    with pytest.raises(ValueError, match=f"must be at most .*{named}"):
        make()


def test_a_recipe():
    recipe = Recipe().replace(
        depth=INTEGER(11), k=INTEGER(3), learning_rate=FLOAT(0.5), schedule=(INTEGER(3), INTEGER(5))
    )
    assert recipe == Recipe().replace(depth=11, k=3, learning_rate=0.5, schedule=(3, 5))
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


@pytest.fixture(params=["float16", "bfloat16"])
def floatx(request):
    previous = keras.config.floatx()
    keras.config.set_floatx(request.param)
    yield request.param
    keras.config.set_floatx(previous)


def test_every_attention_under_floatx(floatx):
    x = np.random.default_rng(0).normal(size=(2, 8, 7, 16))
    for name in ATTENTION:
        takes = "reduction_ratio" in constructor_arguments(ATTENTION[name])
        config = {"dtype": floatx} | ({"reduction_ratio": 4} if takes else {})
        layer = make_attention(name, config)
        y = layer(keras.ops.cast(x, floatx))
        y = y[0] if isinstance(y, tuple) else y
        assert (tuple(y.shape), keras.backend.standardize_dtype(y.dtype)) == (x.shape, floatx)
