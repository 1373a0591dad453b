"""A training on the PyTorch backend, in processes of its own."""

import numpy as np
import pytest

import ras_keras
from ras_keras.training import RunFolder

pytestmark = pytest.mark.slow

pytest.importorskip("torch")

FLAGS = ["--recipe", "quick", "--depth", "11", "--batch-size", "32", "--schedule", "1"]
FLAGS += ["--training-images", "64", "--validation-split", "0", "--gradients"]


def test_trains_saves_and_resumes_exactly(tmp_path, run_python):
    """A run that is cut after an epoch ends as the undisturbed one, and is the same elsewhere."""

    def call(script, *arguments):
        done = run_python(f"scripts/{script}.py", *arguments, KERAS_BACKEND="torch")
        assert done.returncode == 0, done.stderr
        return done.stdout

    place = ["--log-dir", tmp_path, "--name"]
    call("train", *FLAGS, *place, "straight", "--epochs", "2")
    call("train", *FLAGS, *place, "cut", "--epochs", "1")
    assert " cores, torch, " in call("train", "--resume", tmp_path / "cut", "--epochs", "2")
    straight, cut = (tmp_path / name for name in ("straight", "cut"))
    models = [ras_keras.load_model(run / "final.keras") for run in (straight, cut)]
    for a, b in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_array_equal(a, b)
    norms = [(run / "gradients.csv").read_text() for run in (straight, cut)]
    # The flag is not the recipe's: the command that goes on did not have it.
    assert norms[0].startswith(norms[1])
    assert len(norms[1].splitlines()) == 1 + 2 * 3
    result = RunFolder(cut).read_result()
    assert result["device"].startswith("CPU")
    on_torch = call("evaluate", cut / "final.keras")
    on_tensorflow = run_python("scripts/evaluate.py", cut / "final.keras").stdout
    top = f"top-1    {100 * result['final']['test_accuracy']:.2f} %"
    assert top in on_torch
    assert top in on_tensorflow
