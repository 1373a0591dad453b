"""Attention in a saved model, as a command."""

import keras
import numpy as np
import pytest

from ras_keras.commands import run
from ras_keras.outputs.class_names import read_class_names, save_model
from ras_keras.runs.trained_model import TrainedModel
from ras_keras.saving.loading import load_model
from tests.insertion.networks import small

PROGRAM = "python scripts/add_attention.py"


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "small.keras"
    save_model(path, small(), ("a", "b", "c", "d"))
    return path


def add(*flags):
    return run("add_attention", [*map(str, flags)], PROGRAM)


def test_writes_a_model_that_says_the_same(model, capsys):
    assert add(model, "--attention", "eca:kernel_size=3") == 0
    written = model.with_name("small-eca.keras")
    output = capsys.readouterr().out
    assert "added    eca:kernel_size=3, 6 trainable parameters to" in output
    assert str(written) in output
    assert read_class_names(written) == ("a", "b", "c", "d")
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")
    before, after = (each.predict_on_batch(x) for each in (load_model(model), load_model(written)))
    np.testing.assert_allclose(after, before, atol=1e-6)
    assert add(model, "--attention", "eca:kernel_size=3") == 2
    assert "exists and is not overwritten" in capsys.readouterr().err


def test_dry_run(model, capsys):
    assert add(model, "--dry-run") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "block1_add (8x8x8): behind block1_conv2, 3 layers with weights beside 0",
        "block2_add (8x8x8): behind block2_conv2, 3 layers with weights beside 0",
        "2 of 2 additions with a residual branch",
        "would add ras, 96 trainable parameters to 2,628",
    ]
    assert [*model.parent.iterdir()] == [model]
    # As the real run, it refuses what cannot be.
    for flags in (["--where", "conv*zzz"], ["--attention", "simam"]):
        assert add(model, "--dry-run", *flags) == 2


def test_an_export_is_no_model(tmp_path, capsys):
    assert add(tmp_path / "model.onnx") == 2
    assert "model.onnx is no .keras file; name one, or a run folder." in capsys.readouterr().err


class Own(keras.Model):
    def call(self, x):
        return x


def test_a_model_without_a_graph(model, monkeypatch, capsys):
    monkeypatch.setattr(TrainedModel, "load", lambda self, imports: Own())
    for flags in ([], ["--dry-run"]):
        assert add(model, *flags) == 2
        error = capsys.readouterr().err
        assert error.startswith("error: `model` must be a functional or sequential Keras model")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--attention", "none"], "--attention none adds nothing"),
        (["--attention", "sse"], "The nearest is 'se'"),
        (["--attention", "ras:kk=2"], "--attention ras:kk=2: the option must be one of k"),
        (["--attention", "se:reduction_ratio=99"], "--attention se:reduction_ratio=99: reduction_"),
        (["--attention", "simam"], "--start must be 'published'"),
        (["--start", "zero"], "--start must be one of published, identity"),
        (["--where", "conv9"], "--where must name a layer of small; the nearest are"),
        (["--where", "pooling"], "pooling returns (None, 8)"),
        (["--output", "small.txt"], "names no .keras file"),
        (["--output", "nowhere/small.keras"], "no folder nowhere"),
    ],
)
def test_refuses_in_one_line(model, flags, message, capsys):
    assert add(model, *flags) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert [*model.parent.iterdir()] == [model]
