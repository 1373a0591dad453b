"""The commands as a user calls them, on the embedded digits."""

import csv
import json
import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ras_keras
from ras_keras.commands import run
from ras_keras.commands import train as train_command
from ras_keras.commands.benchmark import KINDS
from ras_keras.outputs.class_names import read_class_names, save_model
from ras_keras.recipes.starts import to_flags
from ras_keras.training import RECIPES, RunFolder
from tests.conftest import ROOT
from tests.few_digits import few_digits

SMALL = ["--recipe", "quick", "--depth", "11", "--batch-size", "128", "--epochs", "1"]


def call(command, *arguments):
    return run(command, [*map(str, arguments)], f"python scripts/{command}.py")


def train(tmp_path, name, *flags):
    assert call("train", *SMALL, "--log-dir", tmp_path, "--name", name, *flags) == 0
    return tmp_path / name


@pytest.fixture
def trained(small_run, tmp_path):
    """A copy of the run, beside the images that it was trained on."""
    with few_digits(32):
        yield shutil.copytree(small_run, tmp_path / "trained")


def two_classes(tmp_path):
    """A data set of two classes, 12 images to train on and 12 to test."""
    data = tmp_path / "data"
    for split in ("train", "test"):
        for name in ("a", "b"):
            (data / split / name).mkdir(parents=True)
            for i in range(6):
                Image.new("RGB", (32, 32), (40 * i, 0, 0)).save(data / split / name / f"{i}.png")
    return f"folder:{data}"


def events(folder):
    """What TensorBoard reads of a run's training."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder / "train"))
    found.Reload()
    return found


def metrics(folder):
    with (folder / "metrics.csv").open() as stream:
        return list(csv.DictReader(stream))


def test_a_run_folder_holds_the_run(trained):
    found = {path.name for path in trained.iterdir()}
    assert found == {
        *("recipe.json", "environment.json", "metrics.csv", "gates.csv", "result.json", "state"),
        *("train", "validation", "best.keras", "final.keras", "data.json"),
    }
    (row,) = metrics(trained)
    assert list(row) == [
        *("epoch", "accuracy", "loss", "val_accuracy", "val_loss", "learning_rate"),
        *("gate_spread", "images_per_second", "seconds"),
    ]
    assert float(row["gate_spread"]) > 0
    assert float(row["learning_rate"]) == pytest.approx(0.1)
    result = json.loads((trained / "result.json").read_text())
    assert result["best"]["selected_on"] == "32 held-out training images"
    assert (result["training_images"], result["test_images"]) == (128, 40)
    recipe = RunFolder.open(str(trained)).read_recipe()
    assert (recipe.network.depth, recipe.optimization.epochs) == (11, 1)
    assert recipe.execution.precision == "float32"
    (environment,) = json.loads((trained / "environment.json").read_text())
    assert environment["packages"]["ras_keras"] == ras_keras.__version__
    assert environment["command"][:3] == ["train", "--recipe", "quick"]


def test_tensorboard_shows_rate_and_spread(trained):
    tags = events(trained).Tags()
    expected = {"epoch_loss", "epoch_accuracy", "epoch_gate_spread", "epoch_learning_rate"}
    assert expected <= set(tags["tensors"])
    assert "keras" not in tags["tensors"]


def test_the_schedule_follows_the_epochs(tmp_path):
    """Of a new run; what is typed stays, and a run that goes on keeps its own."""

    def schedule(*flags):
        flags = ["--log-dir", str(tmp_path), "--name", "x", *flags]
        return train_command._read_new(flags, "train")[1].optimization.schedule

    assert schedule("--recipe", "quick") == (20, 26)
    assert schedule("--recipe", "quick", "--epochs", "10") == (7, 9)
    assert schedule("--recipe", "quick", "--epochs", "1") == ()
    assert schedule("--epochs", "328") == (162, 244)
    assert schedule("--epochs", "10", "--schedule", "3", "4") == (3, 4)
    assert schedule("--epochs", "10", "--schedule") == ()
    assert schedule("--model", "wrn", "--epochs", "100") == (40, 60, 80)
    late = tmp_path / "late.json"
    late.write_text(json.dumps(RECIPES["quick"].replace(epochs=10).to_dict()))
    assert schedule("--recipe", str(late)) == (20, 26)
    recipe = RECIPES["quick"].replace(epochs=10)
    assert schedule(*to_flags(recipe)) == (20, 26)


@pytest.mark.slow
def test_the_plan_and_the_papers_protocol(tmp_path, capsys):
    train(tmp_path, "run", "--attention", "none", "--protocol", "paper", "--tensorboard-graph")
    output = capsys.readouterr().out
    for part in (
        "recipe   quick: For a laptop",
        "resnet11 of bottleneck blocks, no attention",
        "1,437 training images of 32x32, 360 test images watched every epoch",
        "epochs 1 to 1, each of 12 steps of 128 images",
        "CPU",
        "float32, XLA off",
        "images/s)",
        "random crop with 4 pixels of padding, no mirroring",
        "0 s left",
        "test accuracy",
    ):
        assert part in output
    assert "gate_spread" not in metrics(tmp_path / "run")[0]
    assert "keras" in events(tmp_path / "run").Tags()["tensors"]
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert result["training_images"] == 1437
    assert result["best"]["selected_on"] == "360 test images"
    assert "chosen on the test set itself" in output
    assert "test_accuracy" in metrics(tmp_path / "run")[0]
    assert "val_accuracy" not in metrics(tmp_path / "run")[0]


@pytest.mark.slow
def test_float16(tmp_path):
    """The one whose optimizer is wrapped; the layers' tests have both half precisions."""
    # Few and small images: half precision has no fast convolutions on a CPU.
    few = ["--dataset", two_classes(tmp_path), "--image-size", "8", "--batch-size", "4"]
    folder = train(tmp_path, "run", "--precision", "mixed_float16", *few)
    assert np.isfinite(float(metrics(folder)[0]["loss"]))
    policy = ras_keras.load_model(folder / "best.keras").get_layer("stem_conv").dtype_policy.name
    assert policy == "mixed_float16"


@pytest.mark.slow
def test_weights_to_start_from_and_no_held_out_images(trained, tmp_path):
    """With a learning rate of nearly 0, what comes out is what went in; best is final."""
    start = trained / "best.keras"
    flags = ["--weights", start, "--learning-rate", "1e-12", "--validation-split", "0"]
    folder = train(tmp_path, "run", *flags)
    result = json.loads((folder / "result.json").read_text())
    assert result["best"]["selected_on"] == "nothing: best is final"
    assert result["best"]["test_accuracy"] == result["final"]["test_accuracy"]
    files = (start, folder / "best.keras", folder / "final.keras")
    before, best, final = (ras_keras.load_model(file) for file in files)
    for a, b in zip(best.get_weights(), final.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(before.trainable_weights, final.trainable_weights, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-6)


@pytest.mark.slow
def test_another_number_of_classes_gets_a_new_classifier(trained, tmp_path, capsys):
    flags = ["--dataset", two_classes(tmp_path), "--batch-size", "4", "--validation-split", "0"]
    folder = train(tmp_path, "run", *flags, "--weights", str(trained / "best.keras"))
    assert "the classifier starts anew" in capsys.readouterr().out
    assert ras_keras.load_model(folder / "best.keras").output_shape == (None, 2)


@pytest.mark.slow
def test_attention_is_added_to_saved_weights_and_they_are_frozen(trained, tmp_path, capsys):
    """Through an epoch, and another one that is resumed."""
    start = trained / "best.keras"
    flags = ["--dataset", two_classes(tmp_path), "--batch-size", "4", "--epochs", "1"]
    flags += ["--weights", start, "--add-attention", "se:reduction_ratio=8", "--freeze"]
    # Averaged weights have statistics of their own, but where a layer is frozen.
    flags += ["--average-weights", "0.5"]
    assert call("train", *flags, "--log-dir", tmp_path, "--name", "run") == 0
    folder = tmp_path / "run"
    output = capsys.readouterr().out
    assert f"weights  from {start}, frozen" in output
    assert "network  saved, se:k=1,reduction_ratio=8" in output
    before = ras_keras.load_model(start)
    # The run has a copy of the file.
    start.write_bytes(b"another one")
    assert call("train", "--resume", folder, "--epochs", "2") == 0

    after = ras_keras.load_model(folder / "final.keras")
    added = {each.name for each in after.layers} - {each.name for each in before.layers}
    assert len(added) == 3
    assert all(name.endswith("_attention") or "_attention_" in name for name in added)
    for layer in before.layers:
        if layer.name == "predictions":
            continue
        for a, b in zip(
            layer.get_weights(), after.get_layer(layer.name).get_weights(), strict=True
        ):
            np.testing.assert_array_equal(a, b)


def test_evaluate(trained, tmp_path, capsys):
    result = json.loads((trained / "result.json").read_text())["best"]
    picture = tmp_path / "confusion.png"
    assert call("evaluate", trained, "--output", picture) == 0
    output = capsys.readouterr().out
    assert f"top-1    {100 * result['test_accuracy']:.2f} %" in output
    assert f"loss     {result['test_loss']:.4f}" in output
    assert "top-5" not in output
    assert "precision" in output
    with Image.open(picture) as image:
        assert min(image.size) > 300


def test_evaluate_beside_another_form(trained, tmp_path, capsys):
    picture = ("--output", tmp_path / "matrix.png")
    assert call("evaluate", trained, *picture, "--beside", trained / "final.keras") == 0
    out = capsys.readouterr().out
    top = [float(line) for line in re.findall(r"top-1 +([\d.]+) %", out)]
    (points, share) = re.search(
        r"change +(\S+) points of top-1, (\S+) % of the labels", out
    ).groups()
    assert float(points) == pytest.approx(top[0] - top[1], abs=0.011)
    assert float(share) >= abs(float(points))


@pytest.mark.slow
def test_evaluate_beside_classes_in_another_order(trained, tmp_path, capsys):
    """The same network, whose file has its classes backwards: no label differs."""
    model = ras_keras.load_model(trained / "best.keras")
    classifier = model.get_layer("predictions")
    classifier.set_weights([each[..., ::-1] for each in classifier.get_weights()])
    names = read_class_names(trained / "best.keras")
    save_model(tmp_path / "backwards.keras", model, names[::-1])
    picture = ("--output", tmp_path / "matrix.png")
    assert call("evaluate", trained, *picture, "--beside", tmp_path / "backwards.keras") == 0
    assert "+0.00 points of top-1, 0.00 % of the labels" in capsys.readouterr().out
    save_model(tmp_path / "others.keras", model, [f"class {name}" for name in names])
    assert call("evaluate", trained, *picture, "--beside", tmp_path / "others.keras") == 2
    assert "has other classes" in capsys.readouterr().err


def test_evaluate_a_run_without_a_model(trained, tmp_path, capsys):
    shutil.copy(trained / "recipe.json", tmp_path)
    assert call("evaluate", tmp_path) == 2
    assert "has no best.keras yet" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("load", ["keras.saving.load_model", "ras_keras.load_model"])
def test_a_trained_model_loads_after_the_import_alone(trained, run_python, load):
    program = f"import sys, keras, ras_keras; print({load}(sys.argv[1]).count_params())"
    done = run_python("-c", program, trained / "best.keras")
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 130_330


def test_plot(trained, tmp_path):
    assert call("plot", trained) == 0
    for picture in (trained / "curves.png", tmp_path / "two.png"):
        if picture.parent == tmp_path:
            assert call("plot", trained, trained, "--output", picture) == 0
        with Image.open(picture) as image:
            # Three panels of 4 by 3.8 inches, and the legend beside them.
            assert 1800 < image.width < 2400 and 570 < image.height < 600


@pytest.mark.slow
def test_attention_of_ones_own(few_digits, tmp_path, monkeypatch, capsys):
    """A module in the working directory is imported, its layer trained, saved and evaluated."""
    (tmp_path / "half_attention.py").write_text(
        """
import keras
from ras_keras.layers import register

class Half(keras.layers.Layer):
    def call(self, x):
        return x / 2

register("half", Half)
"""
    )
    monkeypatch.chdir(tmp_path)
    assert call("train", *SMALL, "--attention", "half") == 2
    assert "none, ras, " in capsys.readouterr().err
    folder = train(tmp_path, "run", "--imports", "half_attention", "--attention", "half")
    assert "bottleneck blocks, half, 127,642 trainable" in capsys.readouterr().out
    assert call("evaluate", folder) == 0
    assert call("evaluate", folder, "--imports", "nothing_of_this_name") == 2
    assert "--imports nothing_of_this_name failed" in capsys.readouterr().err


@pytest.mark.slow
def test_several_seeds_are_runs(few_digits, tmp_path, capsys):
    flags = [*SMALL, "--attention", "none", "--log-dir", tmp_path, "--name", "run"]
    flags += ["--seed", "3", "--seeds", "2"]
    assert call("train", *flags) == 0
    runs = [RunFolder(tmp_path / f"run-s{seed}") for seed in (3, 4)]
    assert [run.read_recipe().execution.seed for run in runs] == [3, 4]
    found = [run.read_result()["best"]["test_accuracy"] for run in runs]
    mean, sd = 100 * statistics.fmean(found), 100 * statistics.stdev(found)
    line = f"mean     test accuracy {mean:.2f} % (sd {sd:.2f}, n = 2) of the best epochs, seeds 3"
    assert line in capsys.readouterr().out
    assert call("train", *flags) == 0
    output = capsys.readouterr().out
    assert line in output
    assert "trained in" not in output


def test_several_seeds_that_never_begin_leave_nothing(tmp_path, capsys):
    logs = tmp_path / "logs"
    flags = ["--recipe", "quick", "--log-dir", logs, "--name", "run", "--seeds", "2"]
    assert call("train", *flags, "--batch-size", "5000") == 2
    assert "1,150 training images" in capsys.readouterr().err
    assert call("train", *flags, "--seed", 2**31 - 1) == 2
    assert "--seed must be at most 2,147,483,647" in capsys.readouterr().err
    assert not any(logs.iterdir())


@pytest.mark.slow
def test_the_installed_console_command_is_quiet():
    command = [Path(sys.executable).with_name("ras-keras"), "train", "--k", "0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: --k must be an integer >= 1. Received: k=0\n"


@pytest.mark.parametrize(
    "command",
    [
        ["train"],
        ["evaluate"],
        ["explain"],
        ["plot"],
        ["export"],
        ["tune"],
        ["reproduce"],
        ["reproduce", "report"],
        *(["benchmark", what] for what in KINDS),
    ],
)
def test_help(command, capsys):
    with pytest.raises(SystemExit) as leaving:
        call(*command, "--help")
    assert leaving.value.code == 0
    assert f"usage: python scripts/{command[0]}.py" in capsys.readouterr().out


def test_help_on_what_to_measure(capsys):
    assert call("benchmark", "--help") == 0
    output = capsys.readouterr().out
    for what in ("model", "inference", "training", "formats", "data", "versus-pytorch"):
        assert f"\n  {what} " in output
