"""Bad input: one line that names the value and the way out, exit code 2, nothing lost."""

import dataclasses

import numpy as np
import pytest

from ras_keras.commands import run
from ras_keras.models import ResNet
from ras_keras.training import RECIPES, RunFolder, resolve, state


@pytest.fixture
def refused(capsys, tmp_path):
    def check(*arguments, command="train", says):
        logs = tmp_path / "logs"
        flags = [] if command != "train" or "--resume" in arguments else ["--log-dir", str(logs)]
        assert run(command, [*map(str, arguments), *flags]) == 2
        output = capsys.readouterr()
        assert output.err.startswith("error: ")
        assert output.err.count("\n") == 1
        for part in says:
            assert part in output.err
        assert not logs.exists() or not any(logs.iterdir()), "a run that never began leaves nothing"

    return check


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--depth", "50"], ["47 and 56", "50"]),
        (["--k", "0"], ["k must be an integer >= 1", "k=0"]),
        (["--k", "-1"], ["k=-1"]),
        (["--dataset", "cifra10"], ["'cifra10' is unknown; the nearest is 'cifar10'", "digits"]),
        (["--attention", "rass"], ["one of ras", "'rass'"]),
        (["--recipe", "papr"], ["paper, quick", "'papr'", "nearest is 'paper'"]),
        (["--precision", "float16"], ["mixed_float16", "'float16'"]),
        (["--connection", "bn"], ["batch_norm, rational", "'bn'"]),
        (["--batch-size", "0"], ["--batch-size must be >= 1", "0"]),
        (["--batch-size", "5000"], ["5000", "1,293 training images"]),
        (["--dept", "20"], ["unknown flag --dept; the nearest is --depth"]),
        (["--dataset", "folder:nowhere"], ["folder:nowhere", "no such folder", "PATH/train/CLASS"]),
        (["--dataset", "cifar10", "--data-dir", "nowhere"], ["nowhere", "--download", "digits"]),
        (["--resume", "nowhere"], ["nowhere is no run folder"]),
        (["--weights", "nowhere.keras"], ["nowhere.keras: no such file"]),
    ],
)
def test_train(refused, arguments, says):
    refused(*arguments, says=says)


def test_wrong_types_name_flag_and_value(capsys):
    for flag, value in (("--k", "1.5"), ("--epochs", "ten")):
        with pytest.raises(SystemExit) as error:
            run("train", [flag, value])
        assert error.value.code == 2
        lines = capsys.readouterr().err.splitlines()
        assert any(flag in line and repr(value) in line for line in lines)


def test_log_dir_that_cannot_be_written(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    assert run("train", ["--log-dir", str(tmp_path / "file")]) == 2
    assert (
        "cannot be created (Not a directory); choose another --log-dir" in capsys.readouterr().err
    )


def test_a_run_is_never_overwritten(capsys, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine.txt").write_text("kept")
    assert run("train", ["--log-dir", str(tmp_path), "--name", "run"]) == 2
    assert "exists and is not overwritten" in capsys.readouterr().err
    assert (tmp_path / "run" / "mine.txt").read_text() == "kept"


def test_resuming_a_run_without_a_whole_state(refused, tmp_path):
    folder = RunFolder.create(str(tmp_path / "runs"), "run", resolve(RECIPES["quick"]))
    folder.write_recipe(resolve(dataclasses.replace(RECIPES["quick"], depth=11)))
    folder.file("state").mkdir()
    (folder.file("state") / "epoch-0003.npz").write_bytes(b"PK cut short")
    refused("--resume", folder.path, says=["holds no whole state"])
    refused("--resume", folder.path, "--depth", 20, says=["--depth 20 contradicts the run's 11"])
    folder.file("recipe.json").write_text('{"depth": 11}')
    refused("--resume", folder.path, says=["recipe.json is no recipe"])


def test_weights_that_do_not_fit(refused, tmp_path):
    ResNet(11, attention=None).save(tmp_path / "plain.keras")
    flags = ["--recipe", "quick", "--depth", 11, "--weights", tmp_path / "plain.keras"]
    refused(*flags, says=["stage1_block1_attention", "has no such layer"])


def test_a_diverging_loss_keeps_the_last_good_model(capsys, tmp_path):
    flags = ["--recipe", "quick", "--depth", "11", "--batch-size", "128", "--learning-rate", "1e8"]
    assert run("train", [*flags, "--log-dir", str(tmp_path), "--name", "nan"]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    good = tmp_path / "nan" / "last_good.keras"
    assert error.startswith("error: loss became ")
    assert "at step" in error
    assert str(good) in error
    import ras_keras

    for weight in ras_keras.load_model(good).get_weights():
        assert np.isfinite(weight).all()


def test_a_full_disk_loses_nothing(capsys, tmp_path, monkeypatch):
    flags = ["--recipe", "quick", "--depth", "11", "--batch-size", "128", "--epochs", "2"]
    save = np.savez
    calls = []

    def full(file, **arrays):
        calls.append(file)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        save(file, **arrays)

    monkeypatch.setattr(state.np, "savez", full)
    assert run("train", [*flags, "--log-dir", str(tmp_path), "--name", "run"]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "epoch-0001.npz cannot be written (No space left on device)" in error
    assert [file.name for file in (tmp_path / "run" / "state").iterdir()] == ["epoch-0000.npz"]
    assert run("train", ["--resume", str(tmp_path / "run")]) == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.keras"], ["nowhere.keras: no such file"]),
        (["."], ["is no run folder"]),
        (["model.keras"], ["lies in no run folder; name its data set by --dataset"]),
        (["model.keras", "--dataset", "digits", "--batch-size", "0"], ["--batch-size"]),
        (["model.keras", "--dataset", "digits"], ["outside the model's 4 classes"]),
        (["small.keras", "--dataset", "digits"], ["(16, 16, 3)", "(32, 32, 3)", "--image-size"]),
    ],
)
def test_evaluate(refused, tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    ResNet(11, classes=4).save("model.keras")
    ResNet(11, input_shape=(16, 16, 3)).save("small.keras")
    refused(*arguments, command="evaluate", says=says)


def test_answers_before_data_are_read(run_python):
    """The whole process, start-up included: one line, no traceback, nothing of TensorFlow's."""
    done = run_python("scripts/train.py", "--dataset", "cifar10", "--data-dir", "/nowhere")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
