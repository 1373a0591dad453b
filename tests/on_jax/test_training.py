"""A training on the JAX backend, in processes of its own."""

import json

import pytest

pytestmark = pytest.mark.slow

pytest.importorskip("jax")


def test_trains_saves_and_resumes(tmp_path, run_python):
    flags = ["--recipe", "quick", "--depth", "11", "--batch-size", "128", "--epochs", "1"]
    flags += ["--training-images", "300"]
    # Averaged weights: JAX gives away the memory of what a network computes with.
    flags += [
        "--average-weights",
        "0.9",
        "--dataset",
        "digits",
        "--log-dir",
        tmp_path,
        "--name",
        "run",
    ]
    run = tmp_path / "run"
    for arguments in (flags, ["--resume", run, "--epochs", "2"]):
        done = run_python("scripts/train.py", *arguments, KERAS_BACKEND="jax")
        assert done.returncode == 0, done.stderr
    entries = json.loads((run / "environment.json").read_text())
    assert [entry["backend"] for entry in entries] == ["jax", "jax"]
    assert len((run / "metrics.csv").read_text().splitlines()) == 3
    final = json.loads((run / "result.json").read_text())["final"]
    on_tensorflow = run_python("scripts/evaluate.py", run / "final.keras")
    assert on_tensorflow.returncode == 0, on_tensorflow.stderr
    assert f"top-1    {100 * final['test_accuracy']:.2f} %" in on_tensorflow.stdout
