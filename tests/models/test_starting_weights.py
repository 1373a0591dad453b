"""Weights to start from: all of a file's layers find their own in the network, or none."""

import keras
import numpy as np
import pytest
from keras import layers

from ras_keras.errors import UserError
from ras_keras.layers import RecurrentAttention
from ras_keras.models import image_classifier

RELEASED = {"k": 2, "normalize_input": False}


def network(blocks=1, attention=None, dropout=False, **arguments):
    """A network whose blocks are a convolution, and attention with these arguments if any."""

    def body(x):
        for number in range(1, blocks + 1):
            x = layers.Conv2D(4, 1, name=f"block{number}_conv")(x)
            if attention is not None:
                x = RecurrentAttention(**attention, name=f"block{number}_attention")(x)
        return layers.Dropout(0.3)(x) if dropout else x

    return image_classifier(body, "small", **{"input_shape": (4, 4, 3), "classes": 3} | arguments)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Files of networks, by name."""
    folder = tmp_path_factory.mktemp("saved")
    keras.utils.set_random_seed(1)
    networks = {
        "plain": network(),
        "deeper": network(blocks=2),
        "ras": network(attention={"k": 2}),
        "released": network(attention=RELEASED),
        "dropout": network(dropout=True),
        "headless": network(include_top=False),
        "own": keras.Sequential([keras.Input((4,)), layers.Dense(3, name="predictions")]),
    }
    for name, model in networks.items():
        model.save(folder / f"{name}.keras")
        model.save_weights(folder / f"{name}.weights.h5")
    return folder


@pytest.mark.parametrize("ending", ["keras", "weights.h5"])
@pytest.mark.parametrize(
    ("file", "arguments", "says"),
    [
        ("deeper", {}, "the file has 'block2_conv' and the network has no such layer"),
        ("ras", {}, "the file has 'block1_attention' and the network has no such layer"),
        ("plain", {"blocks": 2}, "the network has 'block2_conv' and the file has no such layer"),
        ("plain", {"attention": {}}, "'block1_attention' and the file has no such layer"),
        ("ras", {"attention": {"k": 1}}, r"'block1_attention' needs the shapes \(4,\), "),
        ("plain", {"classes": 5}, r"'predictions' needs the shapes \(4, 5\), \(5,\), the file"),
        ("headless", {}, "the network has 'predictions' and the file has no such layer"),
        ("own", {}, "the network has 'block1_conv' and the file has no such layer"),
    ],
)
def test_what_does_not_fit_is_refused(saved, file, ending, arguments, says):
    path = saved / f"{file}.{ending}"
    with pytest.raises(ValueError, match=says) as refusal:
        network(weights=path, **arguments)
    assert str(refusal.value).startswith(f"weights='{path}' does not fit: ")
    assert "\n" not in str(refusal.value)


def test_another_recurrence_of_the_same_shapes_is_refused(saved):
    with pytest.raises(ValueError, match="has k=1 and in the file 2"):
        network(attention={"k": 1}, weights=saved / "released.keras")


@pytest.mark.parametrize("ending", ["keras", "weights.h5"])
def test_every_weight_is_taken_over(saved, ending):
    started = network(attention={"k": 2}, weights=saved / f"ras.{ending}")
    source = keras.saving.load_model(saved / "ras.keras")
    for a, b in zip(started.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("file", "arguments"), [("plain", {"include_top": False}), ("dropout", {}), ("plain", {})]
)
def test_without_a_classifier_and_without_dropout(saved, file, arguments):
    """Neither a classifier that was not asked for nor a random state is something left over."""
    started = network(weights=saved / f"{file}.keras", **arguments)
    source = keras.saving.load_model(saved / f"{file}.keras")
    assert started.get_weights()
    for layer in started.layers:
        if layer.weights:
            pairs = zip(layer.weights, source.get_layer(layer.name).weights, strict=True)
            for a, b in pairs:
                np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (a, b)))


@pytest.mark.parametrize("name", ["w.weights.h5", "w.keras", "w.h5"])
def test_damaged_and_missing_files(tmp_path, name):
    with pytest.raises(UserError, match="no such file"):
        network(weights=tmp_path / name)
    (tmp_path / name).write_bytes(b"\x89HDF\r\n\x1a\n cut short")
    with pytest.raises(UserError, match="damaged"):
        network(weights=tmp_path / name)
