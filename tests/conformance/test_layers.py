"""Every attention layer of the registry, by itself."""

import json

import keras
import numpy as np
import pytest

from ras_keras.layers import ATTENTION, Attention
from ras_keras.layers.registry import make_attention
from tests.conformance.fixed_weights import fixed_map
from tests.conformance.make_golden import DIA_MAPS, GOLDEN
from tests.conformance.subjects import CHANNELS, built, fill, make_layer, numpy, shapes
from tests.conformance.table import LAYERS

GOLDEN_LAYERS = json.loads(GOLDEN.read_text())["layers"]
CASES = [(row, case) for row in LAYERS for case in row.golden]

every_layer = pytest.mark.parametrize("row", LAYERS, ids=str)


def maps(shape=(2, 8, 8, CHANNELS)):
    return [fixed_map(shape, path).astype("float32") for path in DIA_MAPS]


def test_the_table_is_complete():
    assert sorted(row.name for row in LAYERS) == sorted(ATTENTION)


def test_every_golden_case_is_in_the_table():
    assert {case for _, case in CASES} == {*GOLDEN_LAYERS}


@pytest.mark.parametrize(("row", "case"), CASES, ids=lambda value: str(value))
def test_golden(row, case):
    """Weights of the expected shapes, and outputs as evaluated in numpy."""
    golden = GOLDEN_LAYERS[case]
    layer = make_attention(row.name, row.golden[case])
    inputs = maps()
    if "dia" not in case:
        inputs = [fixed_map(tuple(golden["input"])).astype("float32")]
    built(layer, *inputs)
    prefix = f"{layer.name}/"
    assert shapes(layer, prefix) == golden["weights"]
    fill(layer, prefix)
    y = numpy(built(layer, *inputs))
    np.testing.assert_allclose(y[:, ::4, ::4, ::2], golden["pixels"], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(y.mean(axis=(1, 2)), golden["mean"], rtol=1e-4, atol=1e-6)


@every_layer
def test_config_round_trip(row):
    layer = make_layer(row)
    config = layer.get_config()
    again = type(layer).from_config(config)
    assert again.get_config() == config
    for argument, value in row.first.items():
        assert config[argument] == value


@every_layer
def test_unknown_sizes(row):
    layer = make_layer(row)
    inputs = keras.Input((None, None, CHANNELS))
    y = built(layer, inputs, inputs)
    assert y.shape == (None, None, None, CHANNELS)
    model = keras.Model(inputs, y)
    for shape in ((1, 8, 8, CHANNELS), (3, 5, 7, CHANNELS)):
        assert model(fixed_map(shape).astype("float32")).shape == shape


@every_layer
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_keeps_the_gate(row, policy):
    exact, layer = make_layer(row), make_layer(row, dtype=policy)
    x = maps()
    for each in (exact, layer):
        built(each, *x)
        fill(each, f"{each.name}/")
    half = [keras.ops.cast(each, layer.compute_dtype) for each in x]
    y = built(layer, *half)
    assert keras.backend.standardize_dtype(y.dtype) == layer.compute_dtype
    assert {keras.backend.standardize_dtype(weight.dtype) for weight in layer.weights} == {
        "float32"
    }
    if isinstance(layer, Attention):
        gate = layer.gate(half[0])
        assert keras.backend.standardize_dtype(gate.dtype) == "float32"
        rounded = keras.ops.cast(half[0], "float32")
        np.testing.assert_allclose(numpy(gate), numpy(exact.gate(rounded)), atol=1e-5)
    precision = {"mixed_bfloat16": 2**-6, "mixed_float16": 2**-9}[policy]
    expected = numpy(built(exact, *x))
    assert np.abs(numpy(y) - expected).max() < precision * np.abs(expected).max()


@every_layer
def test_channels_first_is_the_same(row):
    last, first = make_layer(row), make_layer(row, data_format="channels_first")
    x = maps((2, 7, 5, CHANNELS))
    transposed = [each.transpose(0, 3, 1, 2) for each in x]
    built(last, *x)
    if row.name == "cbam" and keras.backend.backend() == "tensorflow":
        pytest.skip("TensorFlow on a CPU has no convolution of channels-first maps")
    built(first, *transposed)
    first.set_weights(last.get_weights())
    for layer in (first, last):
        fill(layer, f"{layer.name}/")
    y = numpy(built(first, *transposed)).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(y, numpy(built(last, *x)), rtol=1e-5, atol=1e-6)


@every_layer
def test_refuses_shapes(row):
    for shape in ((None, 8), (None, 8, 8, None)):
        with pytest.raises(ValueError, match="rank 4 with a known number of channels"):
            make_layer(row).build(shape)
