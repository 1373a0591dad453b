"""Exported models beside Keras's, on real images: networks are sure of one class for noise."""

import json
import re
from functools import partial

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from ras_keras.data import ImageDataset, Images
from ras_keras.data.files.image_files import read_image
from ras_keras.export.agreement import Reference, images_of_dataset, images_of_files
from ras_keras.export.export import WRITERS, ExportDiffers, export
from ras_keras.outputs.made_images import made_images
from ras_keras.training import Recipe
from tests.commands.test_commands import call, two_classes

SHAPE = (8, 8, 3)


def saturated(red=1, blue=2):
    """Class 0 for whatever is gray on the average, as noise is; the others for red and blue."""
    kernel = np.zeros((3, 3), "float32")
    kernel[:, red], kernel[:, blue] = (100, -100, 0), (0, -100, 100)
    images = keras.Input(SHAPE)
    x = layers.GlobalAveragePooling2D()(layers.Rescaling(1 / 255)(images))
    classify = layers.Dense(3, "softmax")
    model = keras.Model(images, classify(x))
    classify.set_weights([kernel, np.array([30, 0, 0], "float32")])
    return model


def colours(count):
    """Red and blue ones in turn."""
    images = np.zeros((count, *SHAPE), "uint8")
    images[::2, ..., 0] = images[1::2, ..., 2] = np.linspace(150, 255, count)[::2, None, None]
    return images


@pytest.fixture
def model(tmp_path):
    file = tmp_path / "model.keras"
    saturated().save(file)
    return file


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, pixels in enumerate(colours(12)):
        Image.fromarray(pixels).save(folder / f"{number:02}.png")
    return folder


def writes_another(monkeypatch, name, another):
    monkeypatch.setitem(WRITERS, name, lambda _, path, write=WRITERS[name]: write(another, path))


def test_made_images_do_not_show_what_real_ones_do(model, photos, monkeypatch, capsys):
    ours, theirs = saturated(), saturated(red=2, blue=1)
    noise = made_images(SHAPE)
    np.testing.assert_allclose(
        ours.predict_on_batch(noise), theirs.predict_on_batch(noise), atol=1e-4
    )
    writes_another(monkeypatch, "onnx", theirs)
    assert call("export", model, "--format", "onnx", "saved_model", "--images", photos) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith(f"error: {model.with_suffix('.onnx')} was not written: in onnx, ")
    assert "on 12 images (fewer than 200) 12 labels changed" in printed.err
    assert printed.err.count("\n") == 1
    found = {file.name for file in model.parent.iterdir()}
    assert found == {"model.keras", "photos", "model_saved_model"}
    assert re.search(r"^saved_model .* MiB, on 12 images .* 0 labels changed", printed.out, re.M)


def test_log_probabilities_that_differ_while_labels_do_not(tmp_path, monkeypatch):
    ours, theirs = saturated(), saturated()
    # Of the class that is least probable in each image.
    theirs.layers[-1].bias.assign([29.99, 0, 0])
    writes_another(monkeypatch, "saved_model", theirs)
    reference = Reference.of(ours, colours(6), 1e-30)
    with pytest.raises(ExportDiffers, match=r" 0 labels changed, .* 0\.01 in log-probabilities"):
        export(ours, tmp_path / "x", "saved_model", None, None, reference)
    assert not list(tmp_path.iterdir())


def test_without_images(model, capsys):
    assert call("export", model) == 0
    printed = capsys.readouterr().out
    assert printed.endswith(" MiB, not checked on images\n")
    assert "within" not in printed


@pytest.mark.parametrize(
    ("dataset", "reason"),
    [
        ("folder:nowhere", "nowhere"),
        ("digits", r"images of shape \(8, 8, 3\) and these are \(32, 32, 3\)"),
    ],
)
def test_data_of_the_run_that_cannot_be_had(model, capsys, dataset, reason):
    recipe = Recipe().replace(dataset=dataset).to_dict()
    (model.parent / "recipe.json").write_text(json.dumps(recipe))
    assert call("export", model) == 0
    assert re.search(f"not checked on images: .*{reason}", capsys.readouterr().out)
    assert model.with_name("model_saved_model").is_dir()


def test_a_data_set_that_is_named_is_checked_on(model, tmp_path, capsys):
    assert call("export", model, "--dataset", "digits") == 2
    assert "(8, 8, 3) and these are (32, 32, 3)" in capsys.readouterr().err
    # Its classes are others than the model's, which only labels would ask for.
    assert call("export", model, "--dataset", two_classes(tmp_path), "--image-size", "8") == 0
    assert ", on 24 images (fewer than 200) 0 labels changed" in capsys.readouterr().out


def test_images_that_cannot_be_read(model, tmp_path, capsys):
    (tmp_path / "no.png").write_bytes(b"no image")
    assert call("export", model, "--images", tmp_path / "no.png") == 2
    assert "none of 1 could be read" in capsys.readouterr().err
    assert not model.with_name("model_saved_model").exists()


def test_others_take_the_place_of_images_that_cannot_be_read(photos, monkeypatch):
    monkeypatch.setattr("ras_keras.export.agreement.IMAGES", 3)
    files = sorted(photos.iterdir())
    files[-1].write_bytes(b"no image")
    left_out = []
    images = images_of_files(files, partial(read_image, image_shape=SHAPE), left_out.append)
    assert len(left_out) == 1
    for found, number in zip(images, (0, 5, 1), strict=True):
        np.testing.assert_array_equal(found, colours(12)[number])


@pytest.mark.parametrize(("test", "train"), [(250, 4), (120, 300), (5, 7)])
def test_images_are_of_the_test_set_first(test, train):
    def numbered(count, channel):
        images = np.zeros((count, 1, 1, 3), "uint8")
        images[..., channel] = np.arange(count)[:, None, None] % 256
        images[..., 2] = channel
        return Images(images, np.zeros(count, "int32"))

    found = images_of_dataset(ImageDataset("x", numbered(train, 1), numbered(test, 0), ("a", "b")))
    assert len(found) == min(200, test + train)
    of_test = found[found[..., 2] == 0][:, 0]
    assert len(of_test) == min(test, 200)
    assert (of_test[0], of_test[-1]) == (0, test - 1)


def test_what_agrees():
    ours = np.array([[1, 1, 0], [0.2, 0.3, 0.5]], "float32")
    reference = Reference([np.zeros((2, 1, 1, 3))], [ours], 1e-30)

    def compared(row):
        return reference.compare(lambda images: np.array([row, ours[1]], "float32"))

    # A tie is decided either way; numbers below the least probability count as that.
    assert compared([1 - 1e-7, 1, 1e-35]).holds
    assert not compared([1 - 1e-2, 1, 0]).holds
    assert not compared([np.nan, 1, 0]).holds
    assert compared([0, 0, 1]).changed == 1
    assert compared([1, 1, 0.25]).difference == 0.25
