"""Options of an attention and of a model: those of their constructors."""

import keras
import pytest

from ras_keras.errors import UserError
from ras_keras.layers import register
from ras_keras.training import RECIPES, check_recipe
from ras_keras.training.least_network import least_network


class Mine(keras.layers.Layer):
    """A user's own; its options are those of its constructor, with their types."""

    def __init__(self, strength: float = 1.0, order=2, kind: str | None = None, **kwargs):
        super().__init__(**kwargs)
        self.options = {"strength": strength, "order": order, "kind": kind}

    def call(self, x):
        return x

    def get_config(self):
        return super().get_config() | self.options


@pytest.fixture
def mine():
    register("mine", Mine)


@pytest.mark.parametrize(
    ("attention", "expected"),
    [
        ("mine", {}),
        ("mine:strength=2,order=3,kind=x", {"strength": 2.0, "order": 3, "kind": "x"}),
        ("mine:kind=none", {"kind": None}),
        ("dia:cells=2,dropout=0.5", {"cells": 2, "dropout": 0.5}),
        ("eca:kernel_size=none,k=2", {"k": 2, "kernel_size": None}),
        ("ras:shared=false,connection=tanh", {"shared": False, "connection": "tanh"}),
        ("ras:gamma_initializer=ones,k=3", {"k": 3, "gamma_initializer": "ones"}),
        ("cbam:normalize_spatial=False,kernel_size=3", {"normalize_spatial": False}),
    ],
)
def test_an_attention_takes_the_options_of_its_constructor(mine, attention, expected):
    recipe = RECIPES["quick"].replace(depth=11, attention=attention)
    check_recipe(recipe)
    found = recipe.network.attention_arguments()[1]
    assert expected.items() <= found.items()
    assert [type(found[name]) for name in expected] == [*map(type, expected.values())]


@pytest.mark.parametrize(
    ("attention", "says"),
    [
        ("mine:strength=much", "strength must be a number. Received: 'much'"),
        ("mine:order=2.5", "order must be an integer. Received: '2.5'"),
        ("mine:stregth=1", "must be one of strength, order, kind, k. .* nearest is 'strength'"),
        ("mine:strength", "strength is no option; write mine:OPTION=VALUE"),
        ("mine:order=1,order=2", "gives order twice"),
    ],
)
def test_options_of_a_layer_of_ones_own_that_are_none(mine, attention, says):
    with pytest.raises(UserError, match=says):
        check_recipe(RECIPES["quick"].replace(attention=attention))


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("resnext:cardinality=4,base_width=16", {"cardinality": 4, "base_width": 16}),
        ("wrn:widen_factor=1,dropout=0", {"widen_factor": 1, "dropout": 0.0}),
        ("resnet:attention_stages=1+3,skip=False", {"attention_stages": (1, 3), "skip": False}),
    ],
)
def test_a_model_takes_the_options_of_its_function(model, expected):
    recipe = RECIPES["quick"].replace(depth=None, model=model)
    assert expected.items() <= recipe.network.arguments().items()
    assert least_network(recipe.network).count_params() > 0
