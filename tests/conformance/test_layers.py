"""Every attention layer of the registry, by itself."""

import json

import keras
import numpy as np
import pytest

from ras_keras.layers import ATTENTION
from ras_keras.layers.registry import make_attention
from tests.conformance.fixed_weights import fixed_map
from tests.conformance.make_golden import DIA_MAPS, GOLDEN
from tests.conformance.subjects import CHANNELS, built, fill, make_layer, numpy, shapes
from tests.conformance.table import LAYERS
from tests.tiers import HALF_PRECISIONS

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
    if row.name != "dia":
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
    if not row.any_size:
        with pytest.raises(ValueError, match="known size"):
            layer(inputs)
        return
    y = built(layer, inputs, inputs)
    assert y.shape == (None, None, None, CHANNELS)
    model = keras.Model(inputs, y)
    for shape in ((1, 8, 8, CHANNELS), (3, 5, 7, CHANNELS)):
        assert model(fixed_map(shape).astype("float32")).shape == shape


@every_layer
@pytest.mark.parametrize("policy", HALF_PRECISIONS)
def test_half_precision_keeps_the_gate(row, policy):
    exact, layer = make_layer(row), make_layer(row, dtype=policy)
    x = maps()
    for each in (exact, layer):
        built(each, *x)
        fill(each, f"{each.name}/")
    half = [keras.ops.cast(each, layer.compute_dtype) for each in x]
    y = built(layer, *half)
    assert keras.backend.standardize_dtype(y.dtype) == layer.compute_dtype
    dtypes = {keras.backend.standardize_dtype(weight.dtype) for weight in layer.weights}
    assert dtypes <= {"float32"}
    for method in row.shows:
        shown = getattr(layer, method)(half[0])
        assert keras.backend.standardize_dtype(shown.dtype) == "float32"
        rounded = keras.ops.cast(half[0], "float32")
        expected = getattr(exact, method)(rounded)
        np.testing.assert_allclose(numpy(shown), numpy(expected), atol=1e-5)
    precision = {"mixed_bfloat16": 2**-6, "mixed_float16": 2**-9}[policy]
    expected = numpy(built(exact, *x))
    assert np.abs(numpy(y) - expected).max() < precision * np.abs(expected).max()


@pytest.mark.parametrize("policy", HALF_PRECISIONS)
def test_a_state_stays_in_float32(policy):
    """DIA's h and c, as they go into the next block and come out of it."""
    (row,) = (row for row in LAYERS if row.name == "dia")
    exact, layer = make_layer(row), make_layer(row, dtype=policy)
    x = [keras.ops.cast(each, layer.compute_dtype) for each in maps()]
    rounded = [keras.ops.cast(each, "float32") for each in x]
    for each, first in ((exact, rounded[0]), (layer, x[0])):
        each(first)
        fill(each, f"{each.name}/")
    _, h, c = layer(x[0])
    _, exact_h, exact_c = exact(rounded[0])
    for state, expected in ((h, exact_h), (c, exact_c)):
        assert keras.backend.standardize_dtype(state.dtype) == "float32"
        np.testing.assert_allclose(numpy(state), numpy(expected), atol=1e-6)
    gate, expected = layer.gate([x[1], h, c]), exact.gate([rounded[1], exact_h, exact_c])
    np.testing.assert_allclose(numpy(gate), numpy(expected), atol=1e-6)
    y, h, c = layer([x[1], h, c])
    assert keras.backend.standardize_dtype(y.dtype) == layer.compute_dtype
    assert keras.backend.standardize_dtype(h.dtype) == "float32"
    symbolic = layer([keras.Input((8, 8, CHANNELS)), *(keras.Input(s.shape[1:]) for s in (h, c))])
    assert [each.dtype for each in symbolic] == [layer.compute_dtype, "float32", "float32"]


@every_layer
def test_an_image_does_not_see_the_others_of_its_batch(row):
    layer = make_layer(row)
    x = maps((3, 8, 8, CHANNELS))
    built(layer, *x)
    fill(layer, f"{layer.name}/")
    together = numpy(built(layer, *x))
    for i in range(3):
        alone = numpy(built(layer, *(each[i : i + 1] for each in x)))
        np.testing.assert_allclose(alone[0], together[i], rtol=1e-5, atol=1e-6)


@every_layer
def test_channels_first_is_the_same(row):
    last, first = make_layer(row), make_layer(row, data_format="channels_first")
    x = maps((2, 9, 7, CHANNELS))
    transposed = [each.transpose(0, 3, 1, 2) for each in x]
    built(last, *x)
    built(first, *transposed)
    first.set_weights(last.get_weights())
    for layer in (first, last):
        fill(layer, f"{layer.name}/")
    y = numpy(built(first, *transposed)).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(y, numpy(built(last, *x)), rtol=1e-5, atol=1e-6)


@every_layer
@pytest.mark.parametrize(
    "policy", ["float32", pytest.param("mixed_float16", marks=pytest.mark.slow)]
)
def test_start_as_identity(row, policy):
    layer = make_layer(row, dtype=policy)
    x = [keras.ops.cast(each, layer.compute_dtype) for each in maps()]
    built(layer, *x)
    fill(layer, f"{layer.name}/")
    if row.starts_as_identity is not True:
        with pytest.raises(ValueError, match=f"`start` must be .* {row.starts_as_identity}"):
            layer.start_as_identity()
        return
    layer.start_as_identity()
    tolerance = {"float32": 1e-6, "mixed_float16": 1e-3}[policy]
    np.testing.assert_allclose(numpy(built(layer, *x)), numpy(x[-1]), atol=tolerance)


@pytest.mark.parametrize(
    ("name", "config", "why"),
    [
        ("se", {"k": 2}, "a transform without a gradient at 0"),
        ("ras", {"k": 3, "shared_connection": True}, "one connection at several places"),
        ("ras", {"connection": "tanh"}, "no connection with a scale"),
        ("ras", {"connection": None}, "no connection with a scale"),
        ("dia", {"activation": "tanh"}, "a gate of 0"),
        ("ge", {}, "no weights without `learned`"),
    ],
)
def test_what_cannot_start_as_identity(name, config, why):
    layer = make_attention(name, config)
    layer.build((None, 8, 8, CHANNELS))
    before = layer.get_weights()
    with pytest.raises(ValueError, match=why):
        layer.start_as_identity()
    for ours, theirs in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@every_layer
def test_refuses_shapes(row):
    for shape in ((None, 8), (None, 8, 8, None)):
        with pytest.raises(ValueError, match="rank 4 with a known number of channels"):
            make_layer(row).build(shape)
