"""Runs that cannot begin, go on or end: one line, exit code 2, nothing lost."""

import dataclasses
import json

import numpy as np
import pytest

import ras_keras
from ras_keras.models import ResNet
from ras_keras.runs import state
from ras_keras.runs.state import Progress
from ras_keras.training import RECIPES, RunFolder, resolve
from tests.commands.calls import call
from tests.data.test_datasets import write_images


def test_log_dir_that_cannot_be_written(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    assert call("train", "--log-dir", tmp_path / "file") == 2
    assert (
        "cannot be created (Not a directory); choose another --log-dir" in capsys.readouterr().err
    )


def test_a_run_is_never_overwritten(capsys, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine.txt").write_text("kept")
    assert call("train", "--log-dir", tmp_path, "--name", "run") == 2
    assert "exists and is not overwritten" in capsys.readouterr().err
    assert (tmp_path / "run" / "mine.txt").read_text() == "kept"


def test_resuming_a_run_without_a_whole_state(refused, tmp_path):
    folder = RunFolder.create(str(tmp_path / "runs"), "run", resolve(RECIPES["quick"]))
    folder.write_recipe(resolve(RECIPES["quick"].replace(depth=11)))
    folder.file("state").mkdir()
    (folder.file("state") / "epoch-0003.npz").write_bytes(b"PK cut short")
    refused("--resume", folder.path, says=["holds no whole state"])
    refused("--resume", folder.path, "--model", "x", says=["--model x contradicts"])
    refused("--resume", folder.path, "--depth", 20, says=["--depth 20 contradicts the run's 11"])
    folder.file("recipe.json").write_text('{"dept": 11}')
    refused("--resume", folder.path, says=["recipe.json is no recipe of ras_keras", "start anew"])


def test_resuming_on_another_backend(refused, tmp_path):
    folder = RunFolder.create(str(tmp_path / "runs"), "run", resolve(RECIPES["quick"]))
    folder.write_recipe(resolve(RECIPES["quick"].replace(depth=11)))
    folder.write_json("environment.json", [{"backend": "jax"}])
    progress = json.dumps(dataclasses.asdict(Progress()))
    np.savez(folder.file("state.npz"), progress=progress)
    folder.file("state").mkdir()
    folder.file("state.npz").rename(folder.file("state") / "epoch-0000.npz")
    refused("--resume", folder.path, says=["trained on jax", "KERAS_BACKEND=jax"])
    refused("--resume", folder.path, "--name", "x", says=["--name x says nothing beside --resume"])
    says = ["--add-attention se says nothing beside --resume"]
    refused("--resume", folder.path, "--add-attention", "se", says=says)


def test_weights_that_do_not_fit(refused, tmp_path):
    ResNet(11, attention=None).save(tmp_path / "plain.keras")
    flags = ["--recipe", "quick", "--depth", 11, "--weights", tmp_path / "plain.keras"]
    refused(*flags, says=["stage1_block1_attention", "has no such layer"])


# Without gates, whose values take a fifth of a short run's time.
PLAIN = ["--recipe", "quick", "--depth", "11", "--attention", "none"]


@pytest.mark.slow
def test_a_diverging_loss_keeps_the_last_good_model(few_digits, capsys, tmp_path):
    flags = [*PLAIN, "--batch-size", "32", "--learning-rate", "1e8"]
    assert call("train", *flags, "--log-dir", tmp_path, "--name", "nan") == 2
    error = capsys.readouterr().err.splitlines()[-1]
    good = tmp_path / "nan" / "last_good.keras"
    assert error.startswith("error: loss became ")
    assert "at step" in error
    assert str(good) in error
    for weight in ras_keras.load_model(good).get_weights():
        assert np.isfinite(weight).all()


@pytest.mark.slow
def test_a_diverging_last_step_is_not_kept(capsys, tmp_path):
    """One step an epoch: the loss is still finite when the weights no longer are."""
    write_images(tmp_path / "data", size=(32, 32))
    flags = [*PLAIN, "--dataset", f"folder:{tmp_path / 'data'}"]
    flags += ["--batch-size", "6", "--epochs", "1", "--validation-split", "0"]
    flags += ["--learning-rate", "1e38", "--weight-decay", "1e5", "--log-dir", tmp_path]
    assert call("train", *flags, "--name", "nan") == 2
    assert "finite" in capsys.readouterr().err
    assert not (tmp_path / "nan" / "best.keras").exists()
    for weight in ras_keras.load_model(tmp_path / "nan" / "last_good.keras").get_weights():
        assert np.isfinite(weight).all()


@pytest.mark.slow
def test_a_full_disk_loses_nothing(few_digits, capsys, tmp_path, monkeypatch):
    flags = [*PLAIN, "--batch-size", "128", "--epochs", "1"]
    save = np.savez
    calls = []

    def full(file, **arrays):
        calls.append(file)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        save(file, **arrays)

    monkeypatch.setattr(state.np, "savez", full)
    assert call("train", *flags, "--log-dir", tmp_path, "--name", "run") == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "epoch-0001.npz cannot be written (No space left on device)" in error
    assert [file.name for file in (tmp_path / "run" / "state").iterdir()] == ["epoch-0000.npz"]
    assert call("train", "--resume", tmp_path / "run") == 0


@pytest.mark.parametrize("begun", [True, False])
def test_ctrl_c_outside_of_the_steps(capsys, tmp_path, monkeypatch, begun):
    def interrupted(recipe, run, **options):
        if begun:
            run.file("state").mkdir()
            run.file("state/epoch-0001.npz").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr("ras_keras.commands.train.train", interrupted)
    assert call("train", "--log-dir", tmp_path, "--name", "run") == 130
    error = capsys.readouterr().err
    assert "stopped by SIGINT" in error
    assert (f"--resume {tmp_path / 'run'}" in error) == begun
    assert (tmp_path / "run").exists() == begun
