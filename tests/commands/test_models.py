"""The list of networks that have a name."""

import csv

import pytest

from ras_keras.commands import run
from ras_keras.commands.line.flags import first_recipe
from ras_keras.commands.models import flags_of
from ras_keras.models.named import named_networks
from ras_keras.recipes.network import family_of
from tests.conftest import ROOT

LISTED = ROOT / "docs" / "networks.csv"


def rows(file):
    with file.open(newline="", encoding="utf-8") as stream:
        return {row["name"]: row for row in csv.DictReader(stream)}


def test_the_list_has_every_name():
    listed = rows(LISTED)
    assert {*listed} == {*named_networks()}
    for name, network in named_networks().items():
        assert listed[name]["flags"] == flags_of(network)


@pytest.mark.slow
def test_counts_are_those_of_the_list(tmp_path, capsys):
    names = ["ResNet20", "RLAMobileNetV2", "ResNet83"]
    file = tmp_path / "models.csv"
    assert run("models", [*names, "--output", str(file)], "models") == 0
    listed = rows(LISTED)
    assert rows(file) == {name: listed[name] for name in names}
    assert "3,624,168 trainable" in capsys.readouterr().out


def test_a_name_that_there_is_not(capsys):
    assert run("models", ["RLAResNet5"], "models") == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "The nearest is 'RLAResNet50'" in error


@pytest.mark.parametrize("name", ["ResNet20", "RLAMobileNetV2", "RLAResNeXt50_32x4d", "ResNet83"])
def test_flags_give_the_network(name):
    """The arguments of the constructor, through the parser of the commands."""
    network = named_networks()[name]
    recipe = first_recipe(flags_of(network).split())
    assert family_of(recipe.network.model).build is network.func
