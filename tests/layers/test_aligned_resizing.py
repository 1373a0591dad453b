"""Bilinear resizing with aligned corners."""

import keras
import numpy as np
import pytest
from keras import ops

from ras_keras.layers.aligned_resizing import AlignedResizing


def interpolated(x, height, width):
    """Pixel by pixel: row i of H lies at i (h - 1) / (H - 1) of h, between two of the old rows."""

    def place(i, before, after):
        exact = i * (before - 1) / (after - 1) if after > 1 else 0
        lower = min(int(exact), before - 1)
        return lower, min(lower + 1, before - 1), exact - lower

    y = np.empty((len(x), height, width, x.shape[-1]))
    for i in range(height):
        for j in range(width):
            top, bottom, down = place(i, x.shape[1], height)
            left, right, across = place(j, x.shape[2], width)
            above = (1 - across) * x[:, top, left] + across * x[:, top, right]
            below = (1 - across) * x[:, bottom, left] + across * x[:, bottom, right]
            y[:, i, j] = (1 - down) * above + down * below
    return y


def resize(x, size, **options):
    like = np.zeros((len(x), *size, 1), "float32")
    return ops.convert_to_numpy(AlignedResizing(data_format="channels_last", **options)([x, like]))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((2, 2), (4, 4)),
        ((3, 5), (7, 11)),
        ((4, 4), (4, 4)),
        ((1, 1), (2, 3)),
        ((1, 4), (3, 7)),
        ((5, 6), (3, 1)),
    ],
)
def test_is_the_interpolation(before, after):
    x = np.random.default_rng(0).normal(size=(2, *before, 3)).astype("float32")
    np.testing.assert_allclose(resize(x, after), interpolated(x, *after), rtol=1e-5, atol=1e-6)


def test_corners_stay_and_keras_moves_them():
    x = np.array([0, 1, 2, 3], "float32").reshape(1, 2, 2, 1)
    y = resize(x, (4, 4))[0, :, :, 0]
    np.testing.assert_allclose(y[[0, 0, -1, -1], [0, -1, 0, -1]], [0, 1, 2, 3])
    np.testing.assert_allclose(y[0], [0, 1 / 3, 2 / 3, 1], rtol=1e-6)
    theirs = keras.layers.UpSampling2D(2, interpolation="bilinear")(x)
    assert np.abs(ops.convert_to_numpy(theirs)[0, :, :, 0] - y).max() > 0.1


def test_channels_first():
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 4)).astype("float32")
    like = np.zeros((2, 1, 6, 9), "float32")
    transposed = x.transpose(0, 3, 1, 2)
    y = AlignedResizing(data_format="channels_first")([transposed, like])
    np.testing.assert_allclose(
        ops.convert_to_numpy(y).transpose(0, 2, 3, 1), interpolated(x, 6, 9), rtol=1e-5, atol=1e-6
    )


def test_sizes_left_open_and_saving(tmp_path):
    x, like = keras.Input((None, None, 3)), keras.Input((None, None, 1))
    y = AlignedResizing()([x, like])
    assert y.shape == (None, None, None, 3)
    keras.Model([x, like], y).save(tmp_path / "m.keras")
    model = keras.saving.load_model(tmp_path / "m.keras")
    values = np.random.default_rng(0).normal(size=(2, 2, 3, 3)).astype("float32")
    for size in ((4, 5), (3, 3)):
        found = model.predict([values, np.zeros((2, *size, 1))], verbose=0)
        np.testing.assert_allclose(found, interpolated(values, *size), rtol=1e-5, atol=1e-6)


def test_half_precision():
    x = np.random.default_rng(0).normal(size=(1, 3, 3, 2)).astype("float32")
    y = resize(x, (5, 5), dtype="mixed_float16")
    assert y.dtype == "float16"
    np.testing.assert_allclose(y, interpolated(x, 5, 5), atol=5e-3)
