"""Models of the package, as a user calls them by name."""

import csv
import json

import demo
import pytest

from ras_keras.commands import run
from ras_keras.pretrained import shipped_models
from tests.conftest import ROOT

DIGITS = "ras_resnet20_digits"
IMAGES = ROOT / "examples" / "images" / "digits"
NETWORK = ("--model", "resnet:block=basic", "--depth", "20", "--attention", "ras")


@pytest.fixture(autouse=True)
def working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(file):
    with file.open(newline="", encoding="utf-8") as stream:
        return [*csv.DictReader(stream)]


def refused(capsys, command, *arguments):
    """The one line that an error is."""
    assert run(command, [*map(str, arguments)], command) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


def test_the_list(working_folder, capsys):
    assert run("models", ["--output", "models.csv"], "models") == 0
    printed = capsys.readouterr().out
    found = rows(working_folder / "models.csv")
    assert [row["name"] for row in found] == [*shipped_models()]
    for row in found:
        assert row["name"] in printed
        assert row["command"] in printed
        assert float(row["test_accuracy"]) == shipped_models()[row["name"]].test_accuracy


def test_images_are_named(capsys):
    assert run("predict", [DIGITS, str(IMAGES), "--json"], "predict") == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["classes"][0]["class"] for each in found] == [*map(str, range(10))]


@pytest.mark.slow
def test_evaluation_knows_the_data_set_and_writes_here(working_folder, capsys):
    flags = ["--mistakes", "mistakes.html", "--corruptions", "corruptions.csv"]
    assert run("evaluate", [DIGITS, *flags], "evaluate") == 0
    printed = capsys.readouterr().out
    assert "digits, 360 test images" in printed
    accuracy = shipped_models()[DIGITS].test_accuracy
    found = rows(working_folder / "corruptions.csv")
    assert len(found) == 17
    assert float(found[0]["accuracy"]) == pytest.approx(accuracy, abs=0.5 / 360)
    mean = sum(float(row["accuracy"]) for row in found[1:-1]) / 15
    assert float(found[-1]["accuracy"]) == pytest.approx(mean)
    mistakes = (working_folder / "mistakes.html").read_text(encoding="utf-8")
    assert mistakes.count("<figure>") == round(360 * (1 - accuracy))
    assert {file.name for file in working_folder.iterdir()} == {
        *("mistakes.html", "corruptions.csv", "corruptions_accuracy.png"),
        f"{DIGITS}_confusion_matrix.png",
    }


@pytest.mark.slow
def test_a_training_starts_from_them(working_folder):
    flags = ["--dataset", "digits", *NETWORK, "--epochs", "1", "--training-images", "128"]
    assert run("train", [*flags, "--name", "run", "--weights", "digits"], "train") == 0
    folder = working_folder / "Logs" / "run"
    recipe = json.loads((folder / "recipe.json").read_text(encoding="utf-8"))
    assert recipe["network"]["weights"] == DIGITS
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    assert result["final"]["test_accuracy"] > 0.95


@pytest.mark.parametrize("command", ["predict", "evaluate", "explain", "export", "serve"])
def test_an_unknown_name_lists_them(command, capsys):
    arguments = [str(IMAGES)] if command == "predict" else []
    assert DIGITS in refused(capsys, command, "ras_resnet20_digit", *arguments)


def test_weights_of_another_network(capsys):
    network = ("--model", "resnet:block=basic", "--depth", "26", "--weights", "digits")
    error = refused(capsys, "train", *network, "--attention", "ras")
    assert "--weights digits does not fit" in error
    assert DIGITS in error


def test_a_network_that_no_name_tells(capsys):
    error = refused(capsys, "train", "--model", "saved", "--weights", "nothing")
    assert DIGITS in error


@pytest.mark.parametrize(
    ("flag", "file"), [("--mistakes", "page.txt"), ("--corruptions", "nowhere/table.csv")]
)
def test_files_that_cannot_be_written(flag, file, capsys):
    error = refused(capsys, "evaluate", DIGITS, flag, file)
    assert f"{flag} {file}" in error


@pytest.mark.parametrize(
    ("value", "ends"), [("1", True), ("true", True), ("", False), ("0", False), ("false", False)]
)
def test_the_demonstration_ends_by_itself_where_nobody_is_there(monkeypatch, value, ends):
    monkeypatch.setenv("CI", value)
    assert demo._unattended() is ends


@pytest.mark.slow
def test_the_demonstration(run_python):
    found = run_python(ROOT / "scripts" / "demo.py", CI="true")
    assert found.returncode == 0, found.stderr
    assert '{"status":"ok"}' in found.stdout
    assert '{"classes":[{"class":"airplane"' in found.stdout
