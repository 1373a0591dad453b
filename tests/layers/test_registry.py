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


BOTTLENECKS = ("gc", "bam", "fca")


def test_constructor_arguments():
    found = constructor_arguments(layers.SwitchableAttention)
    assert found == ["reduction_ratio", "data_format", "gain"]
    found = constructor_arguments(layers.RecurrentAttention)
    assert found[:4] == ["k", "normalize_input", "gamma_initializer", "beta_initializer"]
    assert {"shared", "connection", "shared_connection", "data_format"} < {*found}


@pytest.mark.parametrize(
    ("name", "config", "message"),
    [
        ("sse", {}, "None, a callable or one of bam, cbam, .*, triplet. Received: attention='sse'"),
        (
            "cbam",
            {"k": 2},
            "`k` must be 1 for cbam, which has no recurrence; dia_se, eca, fca, ras",
        ),
        ("dia", {"k": 2}, "no recurrence"),
        ("sem", {"k": 3}, "no recurrence.*Received: k=3"),
        ("se", {"cells": 2}, "`cells` says nothing to se, which takes reduction_ratio, use_bias"),
        ("eca", {"kernel_size": 4}, "`kernel_size` must be odd. Received: kernel_size=4"),
        ("cbam", {"kernel_size": 6}, "`kernel_size` must be odd"),
        ("se", {"reduction_ratio": 0}, "`reduction_ratio` must be an integer >= 1"),
        ("dia", {"cells": 0}, "`cells` must be an integer >= 1. Received: cells=0"),
        ("dia", {"activation": "gelu"}, "one of sigmoid, tanh, relu. Received: activation='gelu'"),
        ("iebn", {"k": 2}, "no recurrence"),
        ("ge", {"extent": 3}, "`extent` must be None, 2, 4 or 8. Received: extent=3"),
        ("ge", {"reduction_ratio": 0}, "`reduction_ratio` must be an integer >= 1"),
        ("gc", {"fusion": "concat"}, "`fusion` must be one of add, multiply"),
        ("bam", {"dilation": 0}, "`dilation` must be an integer >= 1"),
        ("bam", {"combination": "mean"}, "`combination` must be one of sum, product"),
        ("coordinate", {"reduction_ratio": -1}, "`reduction_ratio` must be an integer >= 1"),
        ("simam", {"regularization": 0}, "`regularization` must be a positive number"),
        ("fca", {"frequencies": 3}, "`frequencies` must be one of 1, 2, 4, 8, 16, 32"),
        ("gct", {"epsilon": -1e-5}, "`epsilon` must be a positive number"),
        ("triplet", {"kernel_size": 4}, "`kernel_size` must be odd"),
        ("shuffle", {"groups": 0}, "`groups` must be an integer >= 1"),
        ("se", {"gain": 0}, "`gain` must be a positive number. Received: gain=0"),
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
        *((name, {"reduction_ratio": 65}, "at most .* here 64") for name in BOTTLENECKS),
        ("ge", {"learned": True, "reduction_ratio": 65}, "at most the number of channels"),
        (
            "shuffle",
            {"groups": 10},
            "`groups` must leave an even number of channels in each, of 64",
        ),
        ("fca", {"k": 2, "reduction_ratio": 99}, "at most the number of channels"),
    ],
)
def test_refuses_when_built(name, config, message):
    with pytest.raises(ValueError, match=message):
        make_attention(name, config).build((None, 8, 8, 64))


def test_k_1_says_nothing_and_is_taken():
    assert isinstance(make_attention("sem", {"k": 1}), layers.SwitchableAttention)


@pytest.mark.parametrize(
    ("name", "config", "shape", "message"),
    [
        ("fca", {}, (None, 6, 8, 64), "must be 1 for a map of 6x8; more need at least 7 rows"),
        ("fca", {}, (None, 8, 8, 72), "`frequencies` must divide the number of channels, here 72"),
        ("fca", {}, (None, None, 8, 64), "needs a map of known size"),
        ("ge", {"learned": True}, (None, None, 8, 64), "needs a map of known size"),
    ],
)
def test_refuses_maps(name, config, shape, message):
    with pytest.raises(ValueError, match=message):
        make_attention(name, config).build(shape)


def test_one_frequency_takes_every_size():
    assert make_attention("fca", {"frequencies": 1})(keras.ops.ones((1, 2, 1, 16))).shape[1:3] == (
        2,
        1,
    )


def test_simple_attention_refuses_a_single_place():
    with pytest.raises(ValueError, match="at least 2 of them"):
        layers.SimpleAttention()(keras.ops.ones((2, 1, 1, 8)))
