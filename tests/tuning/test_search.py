"""A search as a user calls it, on the embedded digits."""

import csv
import json
import shlex
import statistics

import pytest
from PIL import Image

from ras_keras.commands import run
from ras_keras.commands.line.flags import parse_with_recipe
from ras_keras.commands.train import Train
from ras_keras.runs import state as state_module
from ras_keras.training import Recipe, RunFolder
from tests.recipes import option

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("few_digits_in_module")]

SMALL = ["--recipe", "quick", "--depth", "11", "--training-images", "128"]
# A search without gates, whose values take a fifth of a short run's time.
PLAIN = ["--search", "learning_rate", "--attention", "none"]


def tune(log_dir, *flags, batch=("--batch-size", "64")):
    arguments = [*SMALL, *batch, "--log-dir", log_dir, "--name", "search", *flags]
    return run("tune", [*map(str, arguments)], "python scripts/tune.py")


def trials(folder):
    with (folder / "trials.csv").open() as stream:
        return list(csv.DictReader(stream))


def metrics(folder):
    with (folder / "metrics.csv").open() as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def searched(few_digits_in_module, tmp_path_factory):
    """The search, cut off in the second epoch of its second trial, and gone on with."""
    log_dir = tmp_path_factory.mktemp("logs")
    flags = ["--space", "k=1,2", "--epochs", "2"]
    save, saved = state_module.save, []

    def saving(run, values, progress):
        saved.append(run.path.name)
        if len(saved) == 6:
            raise KeyboardInterrupt
        save(run, values, progress)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state_module, "save", saving)
        assert tune(log_dir, *flags) == 130
    assert saved == ["k=1"] * 3 + ["k=2"] * 3
    (row,) = (row for row in trials(log_dir / "search") if row["status"] == "completed")
    assert row["run"] == "k=1"
    assert tune(log_dir, *flags) == 0
    return log_dir / "search", flags


def test_what_a_search_leaves(searched):
    folder, _ = searched
    table = trials(folder)
    assert [(row["trial"], row["status"], row["k"], row["run"]) for row in table] == [
        ("1", "completed", "1", "k=1"),
        ("2", "completed", "2", "k=2"),
    ]
    for row in table:
        run = folder / row["run"]
        assert option(RunFolder.open(str(run)).read_recipe(), "k") == int(row["k"])
        best = max(float(epoch["val_accuracy"]) for epoch in metrics(run))
        assert float(row["val_accuracy"]) == pytest.approx(best, abs=1e-6)
        assert row["epochs"] == "2"
        assert float(row["seconds"]) > 0
    with Image.open(folder / "search.png") as image:
        assert min(image.size) > 300


def test_a_trial_that_was_cut_off_went_on_from_its_last_epoch(searched):
    folder, _ = searched
    starts = [len(json.loads((folder / f"k={k}" / "environment.json").read_text())) for k in (1, 2)]
    assert starts == [1, 2]
    assert [row["epoch"] for row in metrics(folder / "k=2")] == ["1", "2"]


def test_no_trial_touches_the_test_set(searched, capsys):
    folder, _ = searched
    for k in (1, 2):
        assert "test_accuracy" not in (folder / f"k={k}" / "result.json").read_text()


def test_the_same_command_again_trains_nothing(searched, capsys):
    folder, flags = searched
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("result.json")}
    assert tune(folder.parent, *flags) == 0
    output = capsys.readouterr().out
    assert "best     k=" in output
    doubt = "n = 1: differences below the spread between seeds mean nothing"
    # Trials this small may be equal.
    if len({row["val_accuracy"] for row in trials(folder)}) == 1:
        doubt = "trial 2 is exactly as good"
    assert f"notice   {doubt}; --seeds 3 measures it\n" in output
    assert "trained in" not in output
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("result.json")} == before


def test_the_best_recipe_is_the_commands_and_of_full_length(searched, capsys):
    folder, flags = searched
    assert tune(folder.parent, *flags) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("train it")]
    program, *command = shlex.split(line.removeprefix("train it "))
    assert (program, command[0]) == ("python", "scripts/train.py")
    options = parse_with_recipe(Train, command[1:], "train")
    stored = Recipe.from_dict(json.loads((folder / "best_recipe.json").read_text()))
    assert options.recipe == stored
    best = max(trials(folder), key=lambda row: float(row["val_accuracy"]))
    assert (option(stored, "k"), stored.network.depth) == (int(best["k"]), 11)
    assert (
        stored.optimization.epochs,
        stored.optimization.schedule,
        stored.data.training_images,
    ) == (30, (20, 26), None)
    assert (options.log_dir, options.name) == (str(folder), "best")


def test_tensorboard_shows_the_hparams(searched):
    import tensorflow as tf
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams import metadata, plugin_data_pb2

    def content(path, tag):
        events = EventAccumulator(str(path))
        events.Reload()
        found = events.SummaryMetadata(tag).plugin_data.content
        return events, plugin_data_pb2.HParamsPluginData.FromString(found)

    folder, _ = searched
    _, experiment = content(folder, metadata.EXPERIMENT_TAG)
    (hparam,) = experiment.experiment.hparam_infos
    assert hparam.name == "k"
    (metric,) = experiment.experiment.metric_infos
    for row in trials(folder):
        events, session = content(folder / row["run"], metadata.SESSION_START_INFO_TAG)
        assert session.session_start_info.hparams["k"].number_value == int(row["k"])
        (value,) = events.Tensors(metric.name.tag)
        shown = float(tf.make_ndarray(value.tensor_proto))
        assert shown == pytest.approx(float(row["val_accuracy"]), abs=1e-6)


def test_another_search_in_the_same_folder_is_refused(searched, capsys):
    folder, _ = searched
    for flags, says in (
        (["--epochs", "3", "--space", "k=1,2"], "epochs 2 there, 3 here"),
        (["--epochs", "2"], "space {'k': '1,2'} there, {'k': '1,2,3,4'} here"),
        (["--epochs", "2", "--space", "k=1,2", "--algorithm", "random"], "algorithm grid there"),
    ):
        assert tune(folder.parent, *flags) == 2
        errors = capsys.readouterr().err
        assert f"{folder} holds another search ({says}" in errors
        assert errors.count("\n") == 1


def test_a_damaged_state_is_named_and_can_be_done_without(searched, capsys):
    folder, flags = searched
    file = folder / "log.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([lines[0], lines[1][:20] + b"\n", *lines[2:]]))
    assert tune(folder.parent, *flags) == 2
    error = capsys.readouterr().err
    assert f"{file} is damaged (line 2: " in error
    assert error.count("\n") == 1
    file.unlink()
    assert tune(folder.parent, *flags) == 0
    assert "trained in" not in capsys.readouterr().out
    assert [row["status"] for row in trials(folder)] == ["completed", "completed"]


def test_a_trial_can_be_tested_later(searched, capsys):
    folder, _ = searched
    arguments = ["--resume", str(folder / "k=1")]
    assert run("train", arguments, "python scripts/train.py") == 0
    assert "best     test accuracy" in capsys.readouterr().out
    assert len(metrics(folder / "k=1")) == 2


def test_more_trials_train_the_best_and_leave_out_those_that_diverge(tmp_path, capsys):
    """At a learning rate of 1e30 the loss is no number after a few steps."""
    flags = [*PLAIN, "--space", "learning_rate=1e30,0.1", "--epochs", "1"]
    assert tune(tmp_path, *flags, "--trials", "1") == 2
    assert "no trial of" in capsys.readouterr().err
    (row,) = trials(tmp_path / "search")
    assert (row["status"], row["val_accuracy"]) == ("failed", "")
    assert tune(tmp_path, *flags) == 0
    assert [row["status"] for row in trials(tmp_path / "search")] == ["failed", "completed"]
    output = capsys.readouterr().out
    assert "trial 2 of 2: learning_rate=0.1" in output
    assert ", 1 epoch)" in output
    assert "notice " not in output, "one trial is compared with none"


def test_several_seeds_are_runs_of_a_trial(tmp_path, capsys):
    flags = [*PLAIN, "--space", "learning_rate=0.1,0.05", "--epochs", "1"]
    flags += ["--seeds", "2", "--seed", "5"]
    assert tune(tmp_path, *flags) == 0
    folder = tmp_path / "search"
    table = trials(folder)
    for row in table:
        runs = [folder / row["run"] / f"seed{seed}" for seed in (5, 6)]
        seeds = [RunFolder(run).read_recipe().execution.seed for run in runs]
        found = [RunFolder(run).read_result(False)["best"]["val_accuracy"] for run in runs]
        assert (row["n"], seeds) == ("2", [5, 6])
        assert float(row["val_accuracy"]) == pytest.approx(statistics.fmean(found), abs=1e-6)
        assert float(row["sd"]) == pytest.approx(statistics.stdev(found), abs=1e-6)
    output = capsys.readouterr().out
    best = max(table, key=lambda row: float(row["val_accuracy"]))
    accuracy = (
        f"{100 * float(best['val_accuracy']):.2f} % (sd {100 * float(best['sd']):.2f}, n = 2)"
    )
    point = f"learning_rate={best['learning_rate']}"
    assert f"best     {point}: held-out accuracy {accuracy} (trial" in output
    assert tune(tmp_path, *flags) == 0
    assert "trained in" not in capsys.readouterr().out
    assert tune(tmp_path, *flags[:-4]) == 2
    assert "holds another search (seeds 2 there, 1 here)" in capsys.readouterr().err


def test_the_best_is_trained_at_full_length(tmp_path, capsys, monkeypatch):
    calls = []

    def train_here(recipe, path, **options):
        calls.append((recipe, path, options))
        figures = {"epoch": 1, "test_accuracy": 0.5, "selected_on": "nothing"}
        return {"final": figures, "best": figures, "test_images": 360, "protocol": "held-out"}

    monkeypatch.setattr("ras_keras.commands.tune.train_here", train_here)
    flags = [*PLAIN, "--space", "learning_rate=0.05", "--epochs", "1", "--train-best"]
    assert tune(tmp_path, *flags) == 0
    ((recipe, path, options),) = calls
    assert (recipe.optimization.learning_rate, recipe.optimization.epochs, path) == (
        0.05,
        30,
        tmp_path / "search" / "best",
    )
    assert options.get("test", True)
    assert "best     test accuracy 50.00 %" in capsys.readouterr().out
