"""The soft mask: what each kind computes, and what stays of a trunk."""

import keras
import numpy as np
import pytest
from keras import ops

from ras_keras.layers.soft_mask import SoftMask
from tests.tiers import HALF_PRECISIONS

RANDOM = np.random.default_rng(0)
TRUNK, X = (RANDOM.normal(1, 2, (2, 5, 4, 6)).astype("float32") for _ in range(2))


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def mask_of(x, kind):
    """Position by position, or channel by channel."""
    x, m = np.float64(x), np.empty(x.shape)
    if kind == "mixed":
        return sigmoid(x)
    if kind == "channel":
        for index in np.ndindex(x.shape[:3]):
            m[index] = x[index] / np.linalg.norm(x[index])
        return m
    for n, c in np.ndindex(x.shape[0], x.shape[3]):
        one = x[n, :, :, c]
        m[n, :, :, c] = sigmoid((one - one.mean()) / one.std())
    return m


@pytest.mark.parametrize("mask", ["mixed", "channel", "spatial"])
@pytest.mark.parametrize("learning", ["attention", "naive"])
def test_is_the_equation(mask, learning):
    y = SoftMask(mask, learning)([TRUNK, X])
    expected = mask_of(X, mask) * TRUNK + (TRUNK if learning == "attention" else 0)
    np.testing.assert_allclose(ops.convert_to_numpy(y), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("mask", ["mixed", "channel", "spatial"])
def test_channels_first(mask):
    first = [each.transpose(0, 3, 1, 2) for each in (TRUNK, X)]
    y = SoftMask(mask, data_format="channels_first")(first)
    expected = SoftMask(mask, data_format="channels_last")([TRUNK, X])
    np.testing.assert_allclose(
        ops.convert_to_numpy(y).transpose(0, 2, 3, 1), ops.convert_to_numpy(expected), rtol=1e-5
    )


@pytest.mark.parametrize("mask", ["channel", "spatial"])
def test_a_mask_of_one_value_is_finite(mask):
    """The norm and the deviation that it is divided by are 0."""
    y = SoftMask(mask, "naive")([TRUNK, np.zeros_like(X)])
    expected = {"channel": 0 * TRUNK, "spatial": TRUNK / 2}[mask]
    np.testing.assert_allclose(ops.convert_to_numpy(y), expected, rtol=1e-6)


@pytest.mark.parametrize("policy", HALF_PRECISIONS)
def test_the_mask_stays_in_float32(policy):
    layer = SoftMask("channel", dtype=policy)
    # Squares of these are beyond float16.
    x = ops.cast(1000 * X, layer.compute_dtype)
    m = layer.mask_of(x)
    assert keras.backend.standardize_dtype(m.dtype) == "float32"
    expected = mask_of(ops.convert_to_numpy(ops.cast(x, "float32")), "channel")
    np.testing.assert_allclose(ops.convert_to_numpy(m), expected, atol=1e-5)
    y = layer([ops.cast(TRUNK, layer.compute_dtype), x])
    assert keras.backend.standardize_dtype(y.dtype) == layer.compute_dtype


def test_saving(tmp_path):
    inputs = [keras.Input((None, None, 6)), keras.Input((None, None, 6))]
    layer = SoftMask("spatial", "naive")
    keras.Model(inputs, layer(inputs)).save(tmp_path / "m.keras")
    model = keras.saving.load_model(tmp_path / "m.keras")
    expected = ops.convert_to_numpy(layer([TRUNK, X]))
    np.testing.assert_allclose(model.predict([TRUNK, X], verbose=0), expected, rtol=1e-5)


@pytest.mark.parametrize("arguments", [{"mask": "soft"}, {"learning": "both"}])
def test_refuses(arguments):
    ((name, value),) = arguments.items()
    with pytest.raises(ValueError, match=f"`{name}` must be one of .*Received: {name}='{value}'"):
        SoftMask(**arguments)
