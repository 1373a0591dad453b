"""Convolutional cells, and the state that they begin with."""

import keras
import numpy as np
import pytest
from keras import ops

from ras_keras.layers.convolutional_cells import ConvolutionalGRUCell, ConvolutionalLSTMCell
from ras_keras.layers.parts.empty_state import EmptyState
from tests.conformance.fixed_weights import fixed, fixed_map
from tests.conformance.reference_aggregation import gru, lstm
from tests.conformance.subjects import fill, numpy

CHANNELS = 3
CELLS = {ConvolutionalLSTMCell: lstm, ConvolutionalGRUCell: gru}
every_cell = pytest.mark.parametrize("cell", CELLS)


def inputs_of(cell, channels_first=False):
    """A map of 5 channels and the states: h, for the LSTM c too."""
    shapes = [(2, 5, 4, 5), *[(2, 5, 4, CHANNELS)] * (2 if cell is ConvolutionalLSTMCell else 1)]
    maps = [fixed_map(shape, f"map{i}").astype("float32") for i, shape in enumerate(shapes)]
    return [each.transpose(0, 3, 1, 2) for each in maps] if channels_first else maps


def outputs(y):
    return [numpy(each) for each in (y if isinstance(y, list | tuple) else [y])]


@every_cell
def test_is_the_equation(cell):
    layer, maps = cell(CHANNELS), inputs_of(cell)
    layer(maps)
    prefix = f"{layer.name}/"
    fill(layer, prefix)
    expected = CELLS[cell](*maps, fixed)
    expected = expected if isinstance(expected, tuple) else [expected]
    for ours, theirs in zip(outputs(layer(maps)), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@every_cell
def test_counts(cell):
    layer = cell(CHANNELS)
    layer(inputs_of(cell))
    joined = 5 + CHANNELS
    expected = {
        ConvolutionalLSTMCell: 36 * joined * CHANNELS,
        ConvolutionalGRUCell: 27 * joined * CHANNELS + 9 * CHANNELS,
    }[cell]
    assert layer.count_params() == expected


@every_cell
def test_channels_first(cell):
    last, first = cell(CHANNELS), cell(CHANNELS, axis=1)
    last(inputs_of(cell))
    maps = inputs_of(cell, channels_first=True)
    symbolic = [keras.Input(each.shape[1:]) for each in maps]
    model = keras.Model(symbolic, first(symbolic))
    fill(last, f"{last.name}/")
    fill(first, f"{first.name}/")
    for ours, theirs in zip(
        outputs(model.predict_on_batch(maps)), outputs(last(inputs_of(cell))), strict=True
    ):
        np.testing.assert_allclose(ours.transpose(0, 2, 3, 1), theirs, rtol=1e-4, atol=1e-5)


@every_cell
def test_sizes_left_open_and_saving(cell, tmp_path):
    maps = inputs_of(cell)
    symbolic = [keras.Input((None, None, each.shape[-1])) for each in maps]
    model = keras.Model(symbolic, cell(CHANNELS)(symbolic))
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    for ours, theirs in zip(
        outputs(again.predict_on_batch(maps)), outputs(model.predict_on_batch(maps)), strict=True
    ):
        assert ours.shape == (2, 5, 4, CHANNELS)
        np.testing.assert_array_equal(ours, theirs)


@every_cell
@pytest.mark.parametrize("channels", [0, 1.5, "8"])
def test_refuses_channels(cell, channels):
    with pytest.raises(ValueError, match="`channels` must be an integer >= 1"):
        cell(channels)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_an_empty_state(policy):
    """Zeros of a map's size, even where the map is not finite."""
    for axis, shape in ((-1, (2, 5, 4, 3)), (1, (2, 3, 5, 4))):
        layer = EmptyState(7, axis, dtype=policy)
        zeros = ops.convert_to_numpy(layer(np.full(shape, np.inf, "float32")))
        expected = (2, 5, 4, 7) if axis == -1 else (2, 7, 5, 4)
        assert zeros.shape == expected == layer.compute_output_shape(shape)
        assert zeros.dtype == layer.compute_dtype
        assert not zeros.any()
        assert EmptyState.from_config(layer.get_config()).channels == 7
    assert EmptyState(7)(keras.Input((None, None, 3))).shape == (None, None, None, 7)
