"""A model meets data whose classes are in another order, others, or not known to it."""

import unicodedata

import keras
import numpy as np
import pytest
from PIL import Image

from ras_keras.data import ImageDataset, Images, match_classes
from ras_keras.errors import UserError
from ras_keras.outputs.class_names import save_model
from ras_keras.outputs.class_order import class_order
from tests.commands.test_commands import call

COLOURS = {"cat": 0, "dog": 1, "größer": 2}


def colour_model(path, names, stored=True):
    """A `.keras` file of a model that knows a class by its colour, red, green or blue."""
    inputs = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(len(names), 1, name="map")
    outputs = keras.layers.Softmax()(keras.layers.GlobalAveragePooling2D()(maps(inputs)))
    model = keras.Model(inputs, outputs)
    kernel = np.zeros((1, 1, 3, len(names)), "float32")
    for number, name in enumerate(names):
        kernel[..., COLOURS[name], number] = 1
    maps.set_weights([kernel, np.zeros(len(names), "float32")])
    save_model(path, model, names if stored else None)
    return path


def colour_images(folder, classes):
    """A data set of classes by colour; a class has more test images than the one before it."""
    for split in ("train", "test"):
        for number, (name, colour) in enumerate(classes.items()):
            place = folder / split / name
            place.mkdir(parents=True)
            for i in range(2 + number):
                pixels = np.zeros((8, 8, 3), "uint8")
                pixels[..., colour] = 90 + i
                Image.fromarray(pixels).save(place / f"{i}.png")
    return folder


@pytest.mark.parametrize(
    ("wanted", "given", "order"),
    [
        (("a", "b"), ("a", "b"), [0, 1]),
        (("a", "b", "c"), ("c", "a", "b"), [1, 2, 0]),
        (("a", "b"), ("a", "c"), None),
        (("a", "b"), ("a", "b", "c"), None),
        (("é", "z"), ("z", unicodedata.normalize("NFD", "é")), [1, 0]),
        (("a", "A"), ("A", "a"), [1, 0]),
        # Of one name, but the places tell them apart.
        (("crane", "crane", "b"), ("crane", "crane", "b"), [0, 1, 2]),
        (("crane", "crane", "b"), ("b", "crane", "crane"), None),
        (("a", "a", "b"), ("a", "b", "b"), None),
    ],
)
def test_class_order(wanted, given, order):
    assert class_order(wanted, given) == order


def test_evaluate_goes_by_name(tmp_path, capsys):
    data = f"folder:{colour_images(tmp_path / 'data', COLOURS)}"
    for names in (("cat", "dog", "größer"), ("größer", "cat", "dog")):
        model = colour_model(tmp_path / f"{names[0]}.keras", names)
        assert call("evaluate", model, "--dataset", data) == 0
        output = capsys.readouterr().out
        assert "top-1    100.00 %" in output
        assert ("notice" in output) == (names[0] == "größer")
        rows = [line.split() for line in output.splitlines()]
        images = {row[0]: row[-1] for row in rows if row and row[0] in COLOURS}
        assert list(images.items()) == [(n, {"cat": "2", "dog": "3"}.get(n, "4")) for n in names]


def test_explain_goes_by_name(tmp_path, capsys):
    data = f"folder:{colour_images(tmp_path / 'data', COLOURS)}"
    model = colour_model(tmp_path / "model.keras", ("größer", "cat", "dog"))
    assert call("explain", model, "--dataset", data) == 0
    found = sorted(file.name for file in (tmp_path / "model_explanation").glob("*-test-*"))
    # The first image of each class, in the model's order.
    assert found == ["0-test-image-5.png", "1-test-image-0.png", "2-test-image-2.png"]


@pytest.mark.slow
def test_int8_goes_by_name(tmp_path, capsys):
    pytest.importorskip("ai_edge_litert")
    data = f"folder:{colour_images(tmp_path / 'data', COLOURS)}"
    model = colour_model(tmp_path / "model.keras", ("größer", "cat", "dog"))
    flags = ["--format", "litert", "--quantize", "int8", "--calibration-images", "9"]
    assert call("export", model, *flags, "--dataset", data) == 0
    assert "test accuracy 100.00 %, 100.00 % in float32" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["evaluate", "explain"])
def test_other_classes_are_refused(tmp_path, capsys, command):
    data = f"folder:{colour_images(tmp_path / 'data', {'cat': 0, 'dog': 1, 'fox': 2})}"
    model = colour_model(tmp_path / "model.keras", tuple(COLOURS))
    assert call(command, model, "--dataset", data) == 2
    error = capsys.readouterr().err
    assert "only the model has 'größer', only the data set has 'fox'" in error
    assert error.count("\n") == 1
    assert not [*tmp_path.glob("model_*")]


def test_without_names_classes_go_by_number(tmp_path, capsys):
    data = f"folder:{colour_images(tmp_path / 'data', {'a': 0, 'b': 1, 'c': 2})}"
    model = colour_model(tmp_path / "model.keras", tuple(COLOURS), stored=False)
    assert call("evaluate", model, "--dataset", data) == 0
    output = capsys.readouterr().out
    assert "has no names of its classes: they go by number" in output
    assert "top-1    100.00 %" in output


def test_names_in_another_unicode_form_are_the_same(tmp_path):
    model = colour_model(tmp_path / "model.keras", ("größer", "cat", "dog"))
    images = Images(np.zeros((3, 8, 8, 3), "uint8"), np.arange(3, dtype="int32"))
    names = tuple(unicodedata.normalize("NFD", name) for name in COLOURS)
    matched = match_classes(ImageDataset("made", images, images, names), model)
    assert matched.test.labels.tolist() == matched.train.labels.tolist() == [1, 2, 0]
    assert matched.class_names == ("größer", "cat", "dog")


def test_classes_of_one_name_in_other_places_are_refused(tmp_path):
    save_model(
        tmp_path / "m.keras",
        keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)]),
        ("crane", "crane", "owl"),
    )
    images = Images(np.zeros((3, 8, 8, 3), "uint8"), np.arange(3, dtype="int32"))
    with pytest.raises(UserError, match="'crane' names several, which have other places"):
        names = ("owl", "crane", "crane")
        match_classes(ImageDataset("made", images, images, names), tmp_path / "m.keras")
