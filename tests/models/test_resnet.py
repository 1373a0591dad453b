import re
import time

import keras
import numpy as np
import pytest
from keras import ops

from ras_keras.errors import UserError
from ras_keras.layers import RecurrentAttention
from ras_keras.models import ResNet, ResNet164
from tests.tiers import HALF_PRECISIONS


@pytest.mark.slow
def test_builds_fast():
    """Of processor time, so that a busy machine does not matter."""
    began = time.process_time()
    ResNet164(attention="ras", classes=10)
    assert time.process_time() - began < 10


def test_structure():
    model = ResNet(20)
    names = [layer.name for layer in model.layers]
    for stage in (1, 2, 3):
        for block in (1, 2):
            assert isinstance(
                model.get_layer(f"stage{stage}_block{block}_attention"), RecurrentAttention
            )
        assert f"stage{stage}_block1_shortcut_conv" in names
        assert f"stage{stage}_block2_shortcut_conv" not in names
    assert names[:2] == ["images", "normalization"]
    outs = [model.get_layer(f"stage{stage}_block2_out").output.shape for stage in (1, 2, 3)]
    assert outs == [(None, 32, 32, 64), (None, 16, 16, 128), (None, 8, 8, 256)]
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            assert (layer.momentum, layer.epsilon, layer.synchronized) == (0.9, 1e-5, False)
        if isinstance(layer, keras.layers.Conv2D):
            assert not layer.use_bias


def test_stride_2_pads_on_all_sides():
    """A map of ones through a 3x3 kernel of ones counts the pixels under the kernel.

    With one pixel of padding on every side the first kernel of each axis is cut
    by one and none of the others; Keras's "same" would cut the last one.
    """
    model = ResNet(11, attention=None)
    convolution = model.get_layer("stage2_block1_2_conv")
    convolution.kernel.assign(np.ones(convolution.kernel.shape))
    x = model.get_layer("stage2_block1_2_padding")(np.ones((1, 32, 32, 32), "float32"))
    y = ops.convert_to_numpy(convolution(x))[0, :, :, 0] / 32
    under = np.array([2] + [3] * 15)
    np.testing.assert_allclose(y, np.outer(under, under))


def test_initializers():
    model = ResNet(20)
    same_shape = [model.get_layer(f"stage{3}_block{b}_2_conv").kernel for b in (1, 2)]
    first, second = (ops.convert_to_numpy(kernel) for kernel in same_shape)
    assert not np.array_equal(first, second)
    deviation = np.sqrt(2 / (9 * 64))
    assert first.std() == pytest.approx(deviation, rel=0.03)
    assert np.abs(first).max() > 3 * deviation, "the normal distribution is not truncated"
    kernel, bias = (ops.convert_to_numpy(w) for w in model.get_layer("predictions").weights)
    assert 0.06 < np.abs(kernel).max() <= 1 / 16
    assert 0 < np.abs(bias).max() <= 1 / 16


def test_takes_raw_pixels():
    model = ResNet(11)
    normalization = model.get_layer("normalization")
    x = np.full((1, 32, 32, 3), 255, "uint8")
    y = ops.convert_to_numpy(normalization(x))[0, 0, 0]
    expected = (1 - np.array([0.4914, 0.4822, 0.4465])) / np.array([0.2023, 0.1994, 0.2010])
    np.testing.assert_allclose(y, expected, rtol=1e-5)
    assert model.predict(x, verbose=0).sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.slow
def test_constructor_arguments(tmp_path):
    logits = ResNet(11, classes=7, classifier_activation=None, name="mine")
    assert (logits.name, logits.output_shape) == ("mine", (None, 7))
    assert ResNet(11, include_top=False).output_shape == (None, 8, 8, 256)
    for pooling in ("avg", "max"):
        assert ResNet(11, include_top=False, pooling=pooling).output_shape == (None, 256)
    any_size = ResNet(11, input_shape=(None, None, 3))
    assert any_size.predict(np.zeros((1, 48, 40, 3)), verbose=0).shape == (1, 10)
    gray = ResNet(11, input_shape=(28, 28, 1), mean=(33.3,), variance=(6000.0,))
    assert gray.output_shape == (None, 10)
    logits.save(tmp_path / "w.keras")
    again = ResNet(11, classes=7, classifier_activation=None, weights=tmp_path / "w.keras")
    x = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3))
    np.testing.assert_array_equal(again.predict(x, verbose=0), logits.predict(x, verbose=0))


def test_attention_of_ones_own():
    class Mine(keras.layers.Layer):
        def call(self, x):
            return x

        def compute_output_shape(self, input_shape):
            return input_shape

    for attention in (Mine, lambda: Mine(name="other")):
        model = ResNet(11, attention=attention)
        assert isinstance(model.get_layer("stage1_block1_attention"), Mine)


@pytest.mark.parametrize("policy", HALF_PRECISIONS)
def test_half_precision(policy, tmp_path):
    keras.config.set_dtype_policy(policy)
    model = ResNet(11)
    assert model.get_layer("stem_conv").compute_dtype == policy.removeprefix("mixed_")
    assert model.output.dtype == "float32"
    assert {keras.backend.standardize_dtype(w.dtype) for w in model.weights} == {"float32"}
    model.save(tmp_path / "half.keras")
    x = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3))
    loaded = keras.saving.load_model(tmp_path / "half.keras")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))


@pytest.mark.slow
def test_loads_in_a_process_that_only_imports_the_package(tmp_path, run_python):
    model = ResNet(11)
    for weight in model.trainable_weights:
        if weight.path.endswith("gamma"):
            weight.assign(np.full(weight.shape, 0.7))
    x = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3)).astype("uint8")
    model.save(tmp_path / "model.keras")
    np.savez(tmp_path / "expected.npz", x=x, y=model.predict(x, verbose=0))
    program = """
import sys, numpy as np, keras, ras_keras
data = np.load(sys.argv[2])
model = keras.saving.load_model(sys.argv[1])
print(np.abs(model.predict(data["x"], verbose=0) - data["y"]).max())
"""
    done = run_python("-c", program, tmp_path / "model.keras", tmp_path / "expected.npz")
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) <= 1e-6


@pytest.mark.parametrize("depth", [50, 0, -7, 10, 164.0, "164"])
def test_refuses_depths(depth):
    with pytest.raises(ValueError, match=re.escape(f"Received: depth={depth!r}")):
        ResNet(depth)


def test_names_the_nearest_depths():
    with pytest.raises(ValueError, match="the nearest are 47 and 56"):
        ResNet(50)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"classes": 0}, "`classes` must be an integer >= 1. Received: classes=0"),
        ({"input_shape": (32, 32)}, r"Received: input_shape=\(32, 32\)"),
        ({"input_shape": (32, 32, None)}, "known number of channels"),
        ({"input_shape": (32, 32, 1)}, "a number for each of the 1 channels"),
        ({"attention": "sse"}, "one of bam, cbam, .*, triplet. Received: attention='sse'"),
        ({"attention": 3}, "Received: attention=3"),
        ({"attention": None, "attention_config": {"k": 2}}, "attention given by name"),
        ({"attention": lambda: 3}, "makes a new Keras layer"),
        ({"attention": keras.layers.Identity()}, "makes a new Keras layer"),
        ({"pooling": "mean"}, "Received: pooling='mean'"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        ResNet(11, **arguments)


def test_refuses_damaged_weights(tmp_path):
    (tmp_path / "w.keras").write_bytes(b"PK cut short")
    with pytest.raises(UserError, match="no Keras model or was cut short"):
        ResNet(11, weights=tmp_path / "w.keras")
