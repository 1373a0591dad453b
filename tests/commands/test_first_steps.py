"""What a newcomer meets: messages that say whose value it was, and what to give instead."""

import json

import pytest

from ras_keras.backend import imports
from ras_keras.models import ResNet
from ras_keras.training import RECIPES, RunFolder, resolve
from tests.data.test_datasets import write_images


@pytest.mark.parametrize("content", [{"name": "other", "lr": 0.1}, {"recipe": "paper"}, {}])
def test_a_file_of_another_program_is_no_recipe(refused, tmp_path, content):
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(content))
    says = "is no recipe of ras_keras: it lacks data, network, optimization, execution; name"
    refused("--recipe", file, says=[f"{file} {says}"])


def test_a_recipe_with_a_wrong_value_is_damaged(refused, tmp_path):
    file = tmp_path / "recipe.json"
    content = RECIPES["quick"].to_dict()
    content["network"]["depth"] = "eleven"
    file.write_text(json.dumps(content))
    refused("--recipe", file, says=["is damaged (network.depth is 'eleven'"])


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--recipe", "quick"], "--batch-size 32 (recipe quick) is not between 1 and the 5 "),
        (["--batch-size", "40"], "--batch-size 40 is not between 1 and the 5 training images"),
        (["--recipe", "quick"], "give --batch-size 5 or less."),
    ],
)
def test_a_batch_that_is_larger_than_the_data(refused, tmp_path, flags, says):
    write_images(tmp_path / "photos", size=(32, 32))
    data = ["--dataset", f"folder:{tmp_path / 'photos'}", "--depth", 11]
    refused(*data, *flags, says=[says])


def test_weights_of_another_network_say_of_which(refused, tmp_path):
    ResNet(11).save(tmp_path / "bare.keras")
    stored = resolve(RECIPES["quick"].replace(depth=11, attention="ras:k=3"))
    folder = RunFolder.create(str(tmp_path), "old", stored)
    folder.write_recipe(stored)
    ResNet(11, attention_config={"k": 3}).save(folder.file("best.keras"))
    flags = ["--recipe", "quick", "--depth", 20]
    for weights, says in (
        (
            tmp_path / "bare.keras",
            "does not fit: it was saved with resnet11, not resnet20 (the network has 'stage1",
        ),
        (
            folder.path,
            "does not fit: it was saved with --depth 11, not 20, --attention ras:k=3, not ras",
        ),
    ):
        refused(*flags, "--weights", weights, says=[says])


def test_an_unknown_option_names_those_that_are_tried(refused):
    says = (
        "the option must be one of k, normalize_input, gamma_initializer, beta_initializer, "
        "shared, connection, shared_connection, gain. Received: 'gama'.\n"
    )
    refused("--attention", "ras:gama=1", says=[says])


def test_a_missing_package_of_a_format(refused, monkeypatch, tmp_path):
    monkeypatch.setattr(imports, "find_spec", lambda name: None)
    says = "the format onnx needs the package onnx, which is not installed: pip install"
    refused(tmp_path / "model.keras", "--format", "onnx", command="export", says=[says])
