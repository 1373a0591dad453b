import keras
import pytest

from ras_keras import layers
from ras_keras.layers import ATTENTION, make_attention, register
from ras_keras.layers.registry import constructor_arguments


class Mine(keras.layers.Layer):
    def __init__(self, strength=1.0, **kwargs):
        super().__init__(**kwargs)
        self.strength = strength

    def call(self, x):
        return self.strength * x

    def get_config(self):
        return {**super().get_config(), "strength": self.strength}


@pytest.fixture
def registered():
    register("mine", Mine)


def test_a_layer_of_ones_own_gets_a_name(registered, tmp_path):
    layer = make_attention("mine", {"strength": 2.0})
    assert isinstance(layer, Mine)
    assert layer.strength == 2.0
    inputs = keras.Input((4, 4, 3))
    keras.Model(inputs, layer(inputs)).save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.layers[-1].strength == 2.0
    register("mine", Mine)


def test_a_function_that_makes_layers(registered):
    register("weak", lambda strength=0.5: Mine(strength))
    assert make_attention("weak").strength == 0.5
    with pytest.raises(ValueError, match="`k` must be 1 for weak, which has no recurrence"):
        make_attention("weak", {"k": 2})


def test_a_function_may_take_any_argument():
    register("any", lambda **options: layers.SqueezeExcitation(**options))
    assert make_attention("any", {"reduction_ratio": 4}).reduction_ratio == 4


def test_a_module_that_is_run_again_registers_again(registered):
    again = type("Mine", (Mine,), {"__module__": Mine.__module__, "__qualname__": "Mine"})
    register("mine", again)
    assert ATTENTION["mine"] is again


def test_a_name_that_makes_no_layer():
    register("three", lambda: 3)
    with pytest.raises(ValueError, match=r"makes a new Keras layer .* attention='three'"):
        make_attention("three")


@pytest.mark.parametrize("name", ["ras", "none"])
def test_refuses_a_name_that_is_taken(name):
    with pytest.raises(ValueError, match=f"must be new. Received: name='{name}'"):
        register(name, Mine)


def test_refuses_what_makes_nothing():
    with pytest.raises(ValueError, match="Received: maker=3"):
        register("three", 3)


def test_constructor_arguments():
    assert constructor_arguments(layers.SwitchableAttention) == ["reduction_ratio", "data_format"]
    found = constructor_arguments(layers.RecurrentAttention)
    assert found[:4] == ["k", "normalize_input", "gamma_initializer", "beta_initializer"]
    assert {"shared", "connection", "shared_connection", "data_format"} < {*found}


@pytest.mark.parametrize(
    ("name", "config", "message"),
    [
        ("sse", {}, "None, a callable or one of cbam, dia, .*, spa. Received: attention='sse'"),
        ("cbam", {"k": 2}, "`k` must be 1 for cbam, which has no recurrence; dia_se, eca, ras, se"),
        ("dia", {"k": 2}, "no recurrence"),
        ("sem", {"k": 3}, "no recurrence.*Received: k=3"),
        ("se", {"cells": 2}, "`cells` says nothing to se, which takes reduction_ratio, use_bias"),
        ("eca", {"kernel_size": 4}, "`kernel_size` must be odd. Received: kernel_size=4"),
        ("cbam", {"kernel_size": 6}, "`kernel_size` must be odd"),
        ("se", {"reduction_ratio": 0}, "`reduction_ratio` must be an integer >= 1"),
        ("dia", {"cells": 0}, "`cells` must be an integer >= 1. Received: cells=0"),
        ("dia", {"activation": "gelu"}, "one of sigmoid, tanh, relu. Received: activation='gelu'"),
        ("dia", {"dropout": 1.0}, r"`dropout` must be in \[0, 1\)"),
        (
            "spa",
            {"k": 2, "normalize_input": True, "shared_connection": True},
            "its input has 21C numbers",
        ),
    ],
)
def test_refuses(name, config, message):
    with pytest.raises(ValueError, match=message):
        make_attention(name, config)


@pytest.mark.parametrize(
    ("name", "config", "message"),
    [
        ("se", {"reduction_ratio": 65}, "at most the number of channels, here 64. .*=65"),
        ("cbam", {"reduction_ratio": 128}, "at most the number of channels"),
        ("sem", {"reduction_ratio": 128}, "at most the number of channels"),
        ("spa", {"reduction_ratio": 128}, "at most the number of channels"),
        ("dia", {"reduction_ratio": 128}, "at most the number of channels"),
        ("eca", {"kernel_size": 65}, "`kernel_size` must be at most .* here 64. .*=65"),
    ],
)
def test_refuses_when_built(name, config, message):
    with pytest.raises(ValueError, match=message):
        make_attention(name, config).build((None, 8, 8, 64))


def test_k_1_says_nothing_and_is_taken():
    assert isinstance(make_attention("sem", {"k": 1}), layers.SwitchableAttention)
