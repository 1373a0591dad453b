"""The models of the package: whole, by name, and what is refused."""

import dataclasses
import shutil

import numpy as np
import pytest

from ras_keras import load_model
from ras_keras.data import load_dataset
from ras_keras.errors import ArgumentError, UserError
from ras_keras.files import checksum
from ras_keras.inference.predictor import open_predictor
from ras_keras.models import ResNet20, ResNet32
from ras_keras.outputs.class_names import read_class_names
from ras_keras.pretrained import named, of_file, shipped_file, shipped_models, written_as
from ras_keras.recipes.network import NetworkRecipe
from ras_keras.training import evaluate
from tests.conftest import ROOT
from tests.tiers import tiered

DIGITS = "ras_resnet20_digits"


def images(count=4):
    return np.random.default_rng(0).integers(0, 256, (count, 32, 32, 3), "uint8")


@pytest.mark.parametrize("name", shipped_models())
def test_a_file_is_whole_and_is_what_the_list_says(name):
    model = shipped_models()[name]
    network = load_model(model.path)
    assert network.output_shape == (None, model.classes)
    assert len(read_class_names(model.path)) == model.classes
    assert network.dtype_policy.name == "float32"
    assert sum(np.prod(each.shape) for each in network.trainable_weights) == (
        model.trainable_parameters
    )
    # An optimizer's moments would double it.
    assert model.path.stat().st_size < 2e6


@pytest.mark.parametrize("name", shipped_models())
def test_its_flags_build_the_network(name):
    model = shipped_models()[name]
    words = model.network.split()
    flags = dict(zip(words[::2], words[1::2], strict=True))
    network = NetworkRecipe(
        model=flags["--model"],
        depth=int(flags["--depth"]),
        attention=flags["--attention"],
        weights=model.dataset,
    )
    assert network.resolved().weights == name


def test_models_of_one_data_set_normalize_alike():
    """Whichever of them a network is: `image_classifier` takes the first one's."""
    of_data = {}
    for model in shipped_models().values():
        of_data.setdefault(model.dataset, set()).add((model.classes, model.mean, model.variance))
    assert all(len(found) == 1 for found in of_data.values())


def test_the_digits_are_named_as_the_list_says():
    model = shipped_models()[DIGITS]
    test = load_dataset("digits").test
    found = evaluate(load_model(model.path), test, model.classes, 128)
    assert len(test) == model.test_images
    assert found.accuracy == pytest.approx(model.test_accuracy, abs=0.5 / len(test))


@pytest.mark.parametrize("name", shipped_models())
def test_it_names_the_examples_of_its_data_set(name):
    """Nine of ten at least, as their files are named."""
    predictor = open_predictor(name)
    files = sorted((ROOT / "examples/images" / shipped_models()[name].dataset).glob("*.png"))
    found = predictor.predict(np.stack([predictor.read(file) for file in files]))
    names = [predictor.class_names[number] for number in found.argmax(axis=1)]
    assert len(files) == 10
    assert sum(file.stem == name for file, name in zip(files, names, strict=True)) >= 9


def test_a_model_is_loaded_by_its_name():
    assert load_model(DIGITS).name == load_model(shipped_file(DIGITS)).name
    with pytest.raises(UserError, match=DIGITS):
        load_model("nothing")


@pytest.mark.parametrize("weights", tiered(["digits", DIGITS], lambda name: name == DIGITS))
def test_weights_by_name_are_those_of_the_file(weights):
    """Its classes, its mean and its variance too."""
    network = ResNet20(attention="ras", weights=weights)
    expected = load_model(shipped_file(DIGITS))
    np.testing.assert_array_equal(
        network.predict(images(), verbose=0), expected.predict(images(), verbose=0)
    )


def test_without_the_top_classes_are_free():
    network = ResNet20(attention="ras", weights="digits", include_top=False, classes=7)
    expected = load_model(shipped_file(DIGITS)).get_layer("stage1_block1_1_conv")
    found = network.get_layer("stage1_block1_1_conv")
    np.testing.assert_array_equal(*(layer.get_weights()[0] for layer in (found, expected)))


def test_other_classes_are_refused():
    with pytest.raises(ValueError, match=r"`classes` must be 10 .* Received: classes=7"):
        ResNet20(attention="ras", weights="digits", classes=7)


@pytest.mark.parametrize(
    "build", [ResNet20, ResNet32, lambda **given: ResNet20(attention="se", **given)]
)
def test_another_network_is_told_which_there_are(build):
    with pytest.raises(ArgumentError, match=f"there is {DIGITS} .*--depth 20"):
        build(weights="digits")


def test_an_unknown_name_lists_the_models():
    with pytest.raises(UserError, match=DIGITS):
        ResNet20(weights="imagenette")
    with pytest.raises(UserError, match=DIGITS):
        shipped_file("imagenette")


def test_a_data_set_alone_names_no_file():
    with pytest.raises(UserError, match=f"digits is the data set .* {DIGITS}"):
        shipped_file("digits")


@pytest.mark.parametrize("change", ["another", "missing"])
def test_a_damaged_file_is_refused(change, tmp_path, monkeypatch):
    model = shipped_models()[DIGITS]
    file = tmp_path / "weights" / model.file.name
    if change == "another":
        file.parent.mkdir()
        file.write_bytes(model.file.read_bytes()[:-1] + b"x")
    monkeypatch.setattr("ras_keras.pretrained.shipped.HERE", tmp_path)
    with pytest.raises(UserError, match=r"SHA-256|is missing"):
        shipped_file(DIGITS)
    assert model.file == file


def test_a_path_is_no_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    assert named(tmp_path / DIGITS) == named(None) == ()
    assert shipped_file("a") is None
    assert shipped_file(f"Logs/{DIGITS}") is None


def test_results_are_not_written_into_the_package(tmp_path):
    model = shipped_models()[DIGITS]
    assert of_file(model.file) == model
    assert not written_as(model.file).is_absolute()
    other = tmp_path / model.file.name
    assert of_file(other) is None
    assert written_as(other) == other


def test_the_right_one_of_several_is_found(tmp_path, monkeypatch):
    """By its layers: the first of the list is another network."""
    model = shipped_models()[DIGITS]
    weights = tmp_path / "weights"
    weights.mkdir()
    plain = dataclasses.replace(model, name="plain", sha256=_saved(weights / "plain.keras"))
    shutil.copyfile(model.file, weights / model.file.name)
    monkeypatch.setattr("ras_keras.pretrained.shipped.HERE", tmp_path)
    several = {"plain": plain, DIGITS: model}
    monkeypatch.setattr("ras_keras.pretrained.shipped.shipped_models", lambda: several)
    found = [
        NetworkRecipe(
            model="resnet:block=basic", depth=20, attention=attention, weights="digits"
        ).resolved()
        for attention in ("ras", "none")
    ]
    assert [each.weights for each in found] == [DIGITS, "plain"]


def _saved(file):
    ResNet20().save(file)
    return checksum(file)
