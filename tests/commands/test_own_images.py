"""Images of one's own in the commands: where they lie, and what is made of them."""

import os
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image

from ras_keras.commands import run
from ras_keras.commands.line.arguments import checked_arguments
from ras_keras.commands.line.data_flags import DataFlags
from ras_keras.errors import UserError
from ras_keras.explain.explanation import example_of_file, write_page
from ras_keras.models import ResNet
from ras_keras.training import Recipe, RunFolder, resolve
from ras_keras.training.network import compiled_network, recipe_data
from tests.data.test_datasets import write_images

PETS = Recipe().replace(
    recipe="quick", dataset="folder:pets", depth=11, image_size=8, crop_padding=2
)


def call(command, *arguments):
    return run(command, list(map(os.fspath, arguments)), f"python scripts/{command}.py")


@pytest.fixture
def begun(tmp_path, monkeypatch):
    """A run with a state, and the recipes that trainings are asked for; none is trained."""
    monkeypatch.chdir(tmp_path)
    write_images(tmp_path / "pets", count=2)
    folder = RunFolder.create(str(tmp_path / "logs"), "run", resolve(PETS))
    folder.write_recipe(resolve(PETS))
    folder.file("state").mkdir()
    np.savez(folder.file("state") / "epoch-0000.npz", progress="{}")
    asked = []

    def train(recipe, *arguments, **options):
        asked.append(recipe)
        raise UserError("enough")

    monkeypatch.setattr("ras_keras.commands.train.train", train)
    # Which builds a network each time.
    monkeypatch.setattr("ras_keras.training.recipe_check._checked_network", lambda *given: None)
    return SimpleNamespace(path=folder.path, asked=asked)


def test_a_run_is_resumed_from_elsewhere_and_on_moved_images(begun, tmp_path, monkeypatch, capsys):
    def resumed(*flags):
        capsys.readouterr()
        assert call("train", "--resume", begun.path, *flags) == 2
        return capsys.readouterr().err

    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert resumed() == "error: enough\n"
    (tmp_path / "pets").rename("animals")
    assert "pets: no such folder" in resumed()
    for flags in (
        ("--data-dir", "animals"),
        ("--dataset", "folder:animals"),
        ("--dataset", "folder:pets", "--data-dir", "animals"),
    ):
        assert resumed(*flags) == "error: enough\n"
    Path("animals").rename("pets")
    assert resumed("--dataset", "folder:pets") == "error: enough\n"
    assert len(begun.asked) == 5
    assert {*begun.asked} == {resolve(PETS)}
    assert "--dataset digits contradicts the run's folder:pets" in resumed("--dataset", "digits")


def test_a_model_s_images_are_found_likewise():
    pets = PETS.replace(data_dir="/data/pets")

    def arguments(recipe=pets, **flags):
        given = DataFlags(**flags).arguments("run", recipe.data)
        return given["name"], given["data_dir"], given["image_size"]

    assert arguments() == ("folder:pets", "/data/pets", 8)
    assert arguments(data_dir="new") == ("folder:pets", "new", 8)
    assert arguments(dataset="folder:pets") == ("folder:pets", None, 8)
    assert arguments(dataset="folder:new", image_size=16) == ("folder:new", None, 16)
    assert arguments(dataset="folder:new", data_dir="x") == ("folder:new", "x", 8)
    assert arguments(dataset="digits") == ("digits", None, None)
    assert arguments(image_size=0) == ("folder:pets", "/data/pets", 0)
    cifar = Recipe().replace(dataset="cifar10", data_dir="/data", image_size=48)
    assert arguments(cifar, dataset="cifar10") == ("cifar10", "/data", 48)
    assert arguments(cifar, dataset="folder:new") == ("folder:new", None, None)


def test_home_is_expanded_where_no_shell_does_it(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    given = [
        "--dataset",
        "folder:~/x",
        "--data-dir=~/x",
        "~",
        "--weights",
        "~/y",
        "--x=~no_such_user",
        "a~",
    ]
    home = str(tmp_path)
    expected = ["--dataset", f"folder:{home}/x", f"--data-dir={home}/x", home, "--weights"]
    assert checked_arguments(given) == [*expected, f"{home}/y", "--x=~no_such_user", "a~"]
    (tmp_path / "~").mkdir()
    assert checked_arguments(["~"]) == ["~"]


@pytest.mark.parametrize("command", ["predict", "explain", "evaluate", "train"])
def test_an_empty_argument_is_refused(command, capsys):
    for arguments in (["model.keras", ""], ["--data-dir="]):
        assert call(command, *arguments) == 2
        assert "is empty, as of a variable that is not set" in capsys.readouterr().err


def test_a_constant_channel_is_normalized_to_numbers_like_others(tmp_path):
    """In black, which the padding of a crop brings, too, and in half precision."""
    write_images(tmp_path, count=4, size=(8, 8))
    for file in tmp_path.rglob("*.png"):
        pixels = np.array(Image.open(file))
        pixels[..., 2] = 200
        Image.fromarray(pixels).save(file)
    recipe = resolve(
        PETS.replace(
            dataset=f"folder:{tmp_path}",
            batch_size=4,
            precision="mixed_float16",
            image_size=None,
        )
    )
    data = recipe_data(recipe)
    assert data.notices == (
        "constant over the training images: blue; normalized by a deviation of 64 levels",
    )
    assert (data.mean[2], data.variance[2]) == (200, 64**2)
    network = compiled_network(
        recipe, input_shape=(8, 8, 3), classes=2, mean=data.mean, variance=data.variance
    )
    normalized = network.get_layer("normalization")(np.zeros((1, 8, 8, 3)))
    assert -6 < float(keras.ops.min(normalized)) < 0
    assert np.isfinite(keras.ops.convert_to_numpy(network(np.zeros((1, 8, 8, 3))))).all()


@pytest.mark.parametrize("variance", [(0, 1, 1), (1, -1, 1), (1, float("nan"), 1), (1e-12, 1, 1)])
def test_a_network_refuses_statistics_that_it_cannot_divide_by(variance):
    with pytest.raises(ValueError, match=r"`variance` at least 0\.0001"):
        ResNet(11, variance=variance)
    with pytest.raises(ValueError, match="`mean` must be finite"):
        ResNet(11, mean=(1, float("inf"), 1))


def test_pictures_of_photos_overwrite_nothing(tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    monkeypatch.chdir(tmp_path)
    image = np.zeros((8, 8, 3), "uint8")

    def written(number, file):
        example = example_of_file(number, Path(file), image)
        return write_page(Figure(figsize=(1, 1)), tmp_path, example).name

    assert [written(1, "a/p.png"), written(1, "b/p.png")] == ["1-p.png", "1-p (2).png"]
    # The same image again: its picture is made anew.
    assert [written(1, "b/p.png"), written(1, tmp_path / "a/p.png")] == ["1-p (2).png", "1-p.png"]
    assert written(2, "x" * 119 + "ö" * 60 + ".png") == f"2-{'x' * 119}.png"
    assert written(3, os.fsdecode(b"caf\xe9: a?.png")) == "3-caf__ a_.png"
    title = example_of_file(3, Path(os.fsdecode(b"caf\xe9\x1b.png")), image).title
    assert title == r"caf\udce9\x1b.png"


def test_photos_of_any_name_are_explained_in_a_folder_of_their_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(2, 3)(inputs))
    keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(x)).save("model.keras")
    name = os.fsdecode(b"caf\xe9 $x^$.png")
    Image.new("RGB", (8, 8)).save(name)
    assert call("explain", "model.keras", name) == 0
    (made,) = (tmp_path / "model_explanation").rglob("*.png")
    assert made.relative_to(tmp_path) == Path("model_explanation/images/1-caf_ $x^$.png")
