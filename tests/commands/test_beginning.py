"""Runs that were stopped before their first state, and folders that are not theirs."""

import json
import os

import numpy as np
import pytest

from ras_keras.commands import run
from ras_keras.locks import locked
from ras_keras.training import RunFolder

QUICK = ["--recipe", "quick", "--depth", "11"]


@pytest.fixture
def begun(monkeypatch):
    """What would be trained: pairs of the folder's depth and whether it goes on."""
    calls = []

    def train(recipe, run, *, resume, **options):
        calls.append((run.read_recipe().network.depth, resume))
        model = {"test_accuracy": 1.0, "epoch": 1, "selected_on": "nothing"}
        return {"final": model, "best": model, "test_images": 1, "protocol": "held-out"}

    monkeypatch.setattr("ras_keras.commands.train.train", train)
    # It builds a network.
    monkeypatch.setattr("ras_keras.commands.train.check_recipe", lambda recipe: None)
    return calls


@pytest.fixture
def call(capsys, tmp_path):
    """Exit code and last line of `train` into the folder `run`."""

    def call(*arguments):
        new = [] if "--resume" in arguments else ["--log-dir", tmp_path, "--name", "run"]
        code = run("train", [*map(str, (*arguments, *new))], "train")
        output = capsys.readouterr()
        return code, (output.err if code else output.out)

    return call


@pytest.fixture
def stopped(begun, call, tmp_path):
    """The folder of a run that was killed before its first state."""
    assert call(*QUICK)[0] == 0
    begun.clear()
    folder = tmp_path / "run"
    assert [path.name for path in folder.iterdir()] == ["recipe.json"]
    (folder / "environment.json").write_text('[{"backend": "jax"}]')
    (folder / "state").mkdir()
    for name in (".lock", ".lock.pid", "state/.epoch-0000.1.tmp.npz", "state/epoch-0000.npz"):
        (folder / name).write_bytes(b"PK cut short")
    return folder


def test_either_command_begins_a_stopped_run_anew(stopped, begun, call):
    for arguments in (QUICK, ["--resume", stopped]):
        code, output = call(*arguments)
        assert code == 0
        assert f"notice   {stopped} was stopped before its first epoch: it begins anew\n" in output
    assert begun == [(11, False), (11, False)]
    assert [path.name for path in stopped.iterdir()] == ["recipe.json"]


def test_a_recipe_that_was_cut_short_is_no_obstacle(stopped, begun, call):
    (stopped / "recipe.json").write_text("")
    assert call(*QUICK)[0] == 0
    assert begun == [(11, False)]


def test_an_empty_folder_is_taken(begun, call, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / ".recipe.7.tmp.json").touch()
    code, error = call("--resume", folder)
    assert code == 2
    assert "was left empty by a run that was killed; give the command that began it" in error
    assert call(*QUICK)[0] == 0
    assert begun == [(11, False)]


def test_another_recipe_does_not_take_a_stopped_run(stopped, begun, call):
    code, error = call("--recipe", "quick", "--depth", 20)
    assert code == 2
    assert f"(depth 11 there, 20 here) that has not begun; begin it by --resume {stopped}" in error
    assert (stopped / "environment.json").is_file()
    assert begun == []


@pytest.mark.parametrize("made", ["state/epoch-0001.npz", "best.keras", "result.json"])
def test_what_was_trained_is_never_begun_anew(stopped, begun, call, made):
    (stopped / made).write_bytes(b"anything")
    code, error = call(*QUICK)
    assert code == 2
    assert f"exists and is not overwritten; go on with it by --resume {stopped}" in error
    assert call("--resume", stopped)[0] == 0
    assert begun == [(11, True)]
    assert (stopped / made).read_bytes() == b"anything"


def test_a_whole_first_state_is_gone_on_from(stopped, begun, call):
    np.savez(stopped / "state" / "epoch-0000.npz", progress="{}")
    assert call("--resume", stopped)[0] == 0
    assert begun == [(11, True)]


@pytest.mark.parametrize("resume", [True, False])
def test_a_run_in_training_is_left_alone(stopped, begun, call, resume):
    before = {path: path.read_bytes() for path in stopped.rglob("*.*") if path.is_file()}
    with locked(stopped):
        code, error = call(*(["--resume", stopped] if resume else QUICK))
    assert code == 2
    assert f"error: {stopped} is in use by process {os.getpid()}; wait for it" in error
    assert error.count("\n") == 1
    assert begun == []
    kept = {path: path.read_bytes() for path in before if ".lock" not in path.name}
    assert kept.items() <= before.items()


def test_a_run_that_fails_before_its_first_state_leaves_nothing_of_its_own(
    begun, call, monkeypatch, tmp_path
):
    def interrupted(recipe, run, **options):
        run.write_json("environment.json", [])
        raise KeyboardInterrupt

    monkeypatch.setattr("ras_keras.commands.train.train", interrupted)
    assert call(*QUICK)[0] == 130
    assert not (tmp_path / "run").exists()
    folder = RunFolder(tmp_path / "kept")
    folder.path.mkdir()
    for name in ("recipe.json", "environment.json", "data.json", "notes.txt"):
        folder.file(name).write_text("{}")
    folder.discard()
    assert [path.name for path in folder.path.iterdir()] == ["notes.txt"]


def test_a_resumed_run_stays_when_it_is_stopped_again(stopped, call, monkeypatch):
    def interrupted(recipe, run, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("ras_keras.commands.train.train", interrupted)
    code, error = call("--resume", stopped)
    assert code == 130
    assert f"by: train --resume {stopped}" in error
    assert json.loads((stopped / "recipe.json").read_text())["network"]["depth"] == 11
