"""The same code on the JAX backend, in processes of its own."""

import json

import pytest

pytest.importorskip("jax")


def test_layers_and_models(run_python):
    done = run_python(
        *("-m", "pytest", "tests/layers", "tests/models", "-p", "no:cacheprovider"),
        # Counts and building time do not depend on the backend.
        *("-k", "not parameters and not builds_fast"),
        KERAS_BACKEND="jax",
        timeout=600,
    )
    assert done.returncode == 0, done.stdout


def test_trains_saves_and_resumes(tmp_path, run_python):
    flags = ["--recipe", "quick", "--depth", "11", "--batch-size", "128"]
    common = ["scripts/train.py", *flags, "--log-dir", tmp_path, "--dataset", "digits"]
    for name, epochs in (("straight", 2), ("resumed", 1)):
        done = run_python(*common, "--name", name, "--epochs", epochs, KERAS_BACKEND="jax")
        assert done.returncode == 0, done.stderr
    run = tmp_path / "resumed"
    done = run_python("scripts/train.py", "--resume", run, "--epochs", "2", KERAS_BACKEND="jax")
    assert done.returncode == 0, done.stderr
    entries = json.loads((run / "environment.json").read_text())
    assert [entry["backend"] for entry in entries] == ["jax", "jax"]
    results = [
        json.loads((tmp_path / name / "result.json").read_text())["final"]
        for name in ("straight", "resumed")
    ]
    assert results[0] == results[1]
    on_tensorflow = run_python("scripts/evaluate.py", run / "final.keras", "--dataset", "digits")
    assert on_tensorflow.returncode == 0, on_tensorflow.stderr
    assert f"top-1    {100 * results[0]['test_accuracy']:.2f} %" in on_tensorflow.stdout
