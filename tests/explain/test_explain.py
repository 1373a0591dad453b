"""The command, and the pictures in TensorBoard, on the embedded digits."""

import csv

import numpy as np
import pytest
from PIL import Image

from ras_keras.runs import state
from ras_keras.training import RunFolder
from tests.commands.test_commands import SMALL, call, metrics
from tests.few_digits import few_digits

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two epochs without pictures for TensorBoard, and with them, the second one resumed."""
    logs = tmp_path_factory.mktemp("logs")
    # With so few steps behind it, a gate moves from a large gamma only.
    flags = [*SMALL, "--attention", "ras:gamma_initializer=1", "--log-dir", logs]
    # Of one epoch and of two the schedules would differ.
    flags += ["--schedule"]
    with few_digits(32):
        assert call("train", *flags, "--name", "plain", "--epochs", "2") == 0
        assert call("train", *flags, "--name", "drawn", "--explain-every", "1") == 0
        resumed = ["--resume", logs / "drawn", "--epochs", "2", "--explain-every", "5"]
        assert call("train", *resumed) == 0
        yield {name: logs / name for name in ("plain", "drawn")}


def images_of(folder):
    """Width, height and step of every image that TensorBoard finds, by tag."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    events.Reload()
    found = {}
    for tag in events.Tags()["tensors"]:
        for event in events.Tensors(tag):
            width, height, *images = event.tensor_proto.string_val
            found.setdefault(tag, []).append((int(width), int(height), len(images), event.step))
    return found


def read_gates(folder):
    with (folder / "gates.csv").open() as stream:
        return list(csv.DictReader(stream))


def test_tensorboard_has_pictures_and_training_is_as_without_them(runs):
    found = images_of(runs["drawn"] / "explanation")
    assert found["grad_cam"] == [(64, 32, 8, 0), (64, 32, 8, 1)]
    for name in ("gates", "recurrence"):
        assert [(images, step) for _, _, images, step in found[name]] == [(1, 0), (1, 1)]
        assert min(found[name][0][:2]) > 200
    assert not (runs["plain"] / "explanation").exists()
    for plain, drawn in zip(metrics(runs["plain"]), metrics(runs["drawn"]), strict=True):
        for name in set(plain) - {"seconds", "images_per_second"}:
            assert plain[name] == drawn[name], name
    states = [state.load(RunFolder(runs[name]))[0] for name in ("plain", "drawn")]
    for a, b in zip(*states, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_test_set(runs, tmp_path, capsys):
    folder = tmp_path / "out"
    assert call("explain", runs["drawn"], "--output", folder) == 0
    output = capsys.readouterr().out
    assert "digits, 40 test images" in output
    assert "gates    all 3 gates move with the image" in output
    rows = read_gates(folder)
    assert [row["layer"] for row in rows] == [f"stage{i}_block1_attention" for i in (1, 2, 3)]
    for row in rows:
        assert row["layer"] in output
        assert row["verdict"] == "moves"
        assert 0 < float(row["class_share"]) < 1
    pictures = {path.name for path in folder.glob("*.png")}
    assert {"gates.png", "classes.png", "recurrence.png"} < pictures
    assert len(pictures) == 3 + 10
    for picture in pictures:
        assert f"picture  {folder / picture}" in output
        with Image.open(folder / picture) as image:
            assert min(image.size) > 300


def test_a_runs_gates_are_those_of_explain(runs):
    """The rows have one source; a run's are over held-out images."""
    run = read_gates(runs["drawn"])
    assert list(run[0])[:4] == ["layer", "stage", "block", "mean"]
    spread = np.mean([float(row["spread"]) for row in run])
    assert float(metrics(runs["drawn"])[-1]["gate_spread"]) == pytest.approx(spread, rel=1e-4)


def test_files(runs, tmp_path, capsys):
    random = np.random.default_rng(0)
    for name in ("a", "b"):
        Image.fromarray(random.integers(0, 256, (20, 30, 3), "uint8")).save(
            tmp_path / f"{name}.png"
        )
    model = runs["drawn"] / "final.keras"
    flags = ["--output", tmp_path / "out", "--target-class", "7"]
    assert call("explain", model, tmp_path / "a.png", *flags) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"1-a.png"}
    (tmp_path / "broken.png").write_bytes(b"no image")
    assert call("explain", model, tmp_path / "*.png", *flags) == 1
    output = capsys.readouterr()
    assert "broken.png is no readable image" in output.err
    assert "1 of 3 images could not be read" in output.err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("gates.csv", "gates.png", "recurrence.png", "1-a.png", "2-b.png")
    }
    assert {row["class_share"] for row in read_gates(tmp_path / "out")} == {""}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.png"], "nowhere.png: no such file; name images, folders or patterns."),
        (["--target-class", "tern"], "--target-class must be one of 0, 1, 2, 3"),
        (["--batch-size", "0"], "--batch-size must be >= 1. Received: 0"),
        (["--dataset", "cifra10"], "'cifra10' is unknown; the nearest is 'cifar10'"),
        (["--output", "README.md"], "--output README.md is no folder"),
        (["README.md", "--dataset", "digits"], "README.md and the flags of a data set contradict"),
        (["--target-clas", "7"], "unknown flag --target-clas; the nearest is --target-class"),
    ],
)
def test_refused(runs, capsys, arguments, says):
    assert call("explain", runs["plain"], *arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert says in error
    assert not (runs["plain"] / "best_explanation").exists()


def test_refused_by_train(tmp_path, capsys):
    assert call("train", "--explain-every", "0", "--log-dir", tmp_path) == 2
    assert "--explain-every must be >= 1. Received: 0" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())
