"""`make gpu-check`, in miniature on the CPU."""

import json
import time

import numpy as np
import pandas as pd
import pytest

from tests.conftest import ROOT
from tests.gpu_check.check import Check, Settings, WrongUse
from tests.gpu_check.commands import Failed, run
from tests.gpu_check.summary import summary

SETTINGS = Settings(depth=11, steps=1, repeats=2, dry_run=True)


def test_without_a_gpu_it_is_one_line(run_python, tmp_path):
    done = run_python("-m", "tests.gpu_check", "--output", tmp_path / "x", JAX_PLATFORMS="cpu")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "--dry-run" in done.stderr
    assert not (tmp_path / "x").exists()


def test_a_command_ends_when_the_time_is_up():
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        run(("-c", "import time; time.sleep(300)"), on_cpu=True, until=began + 1)
    assert time.monotonic() - began < 100


def test_a_command_that_fails():
    with pytest.raises(Failed, match="3"):
        run(("-c", "exit(3)"), on_cpu=True)


def test_figures_of_other_settings_stay_apart(tmp_path):
    place = (tmp_path / "out", tmp_path, None, 100)
    Check(SETTINGS, *place)
    Check(Settings(20, 1, 2, True), *place)  # Nothing was measured yet.
    (tmp_path / "out" / "training.csv").touch()
    with pytest.raises(WrongUse, match="depth=20"):
        Check(SETTINGS, *place)


def test_data_that_are_not_there(tmp_path):
    with pytest.raises(WrongUse, match="cifar10"):
        Check(SETTINGS, tmp_path / "out", tmp_path, str(tmp_path), 100)


def test_differences_are_parts_of_the_size():
    pytest.importorskip("jax")
    from tests.gpu_check.agreement import compared

    expected = np.array([[2.0, -4.0]]), np.array([3.0, 4.0])
    found = compared((np.array([[2.0, -4.4]]), np.array([3.0, 4.5])), expected)
    assert found == pytest.approx({"value_difference": 0.1, "gradient_difference": 0.1})


@pytest.mark.parametrize("value", [0.01, float("nan")])
def test_what_is_another_on_the_gpu_is_named(tmp_path, capsys, value):
    rows = {"what": ["a", "b"], "value_difference": [1e-6, value], "gradient_difference": 1e-6}
    pd.DataFrame(rows).to_csv(tmp_path / "agreement.csv")
    assert summary(tmp_path) == ["b"]
    assert "1 of 2" in capsys.readouterr().out


@pytest.mark.large
def test_dry_run(run_python, tmp_path):
    """Everything is recorded, small and without paths, and nothing is measured twice."""
    pytest.importorskip("jax")
    output = tmp_path / "out"
    flags = ("--dry-run", "--output", output, "--log-dir", tmp_path / "logs")

    def check():
        done = run_python("-m", "tests.gpu_check", *flags, timeout=900)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "4 of 4 as on the CPU" in check()
    files = {path.relative_to(output).as_posix(): path for path in output.rglob("*.*")}
    run_files = ("recipe.json", "environment.json", "metrics.csv", "result.json", "curves.png")
    assert {*files} >= {"agreement.csv", *(f"run/{name}" for name in run_files)}
    for what in ("training", "inference"):
        rows = pd.read_csv(files[f"{what}.csv"])
        asked = {(p, a) for p in ("float32", "mixed_bfloat16") for a in ("none", "ras:k=2")}
        assert {*zip(rows["precision"], rows["attention"], strict=True)} == asked
    assert len(pd.read_csv(files["run/metrics.csv"])) == 4
    assert json.loads(files["run/result.json"].read_text())["epochs"] == 4
    for path in files.values():
        content = path.read_bytes()
        assert len(content) < 1_000_000
        assert str(tmp_path).encode() not in content and str(ROOT).encode() not in content
    before = {name: path.read_bytes() for name, path in files.items() if name.endswith(".csv")}
    assert check().count("(recorded)") == 6
    assert before == {name: files[name].read_bytes() for name in before}
