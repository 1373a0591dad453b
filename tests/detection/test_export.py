"""Detectors in other runtimes: as they are, and with suppression in the graph."""

import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image

from ras_keras.commands import run
from ras_keras.data.files.image_files import read_image
from ras_keras.detection import RetinaNet, detector, export_detector
from ras_keras.detection.export import TOLERANCE, differences
from ras_keras.detection.exported import ExportedDetector
from ras_keras.errors import UserError
from ras_keras.outputs.class_names import names_file, read_class_names, save_model
from tests.detection.made_boxes import make_coco
from tests.detection.test_retina_net import backbone, batch

NAMES = ("cat", "dog", "emu")


def network():
    """One that finds something: its last convolutions are large."""
    keras.utils.set_random_seed(0)
    model = RetinaNet(backbone(), classes=3, channels=8)
    random = np.random.default_rng(0)
    for layer in model.layers:
        if layer.name.startswith(("boxes_", "classes_")) and hasattr(layer, "kernel"):
            deviation = 0.3 * {"classes_output": 15, "boxes_output": 10}.get(layer.name, 1)
            layer.kernel.assign(random.normal(0, deviation, layer.kernel.shape))
            layer.bias.assign(np.zeros(layer.bias.shape))
    return model


@pytest.fixture(scope="module", params=["onnx", "openvino"])
def exported(request, tmp_path_factory):
    """A detector, the network within it, and the files of both in a format."""
    form = request.param
    pytest.importorskip({"onnx": "onnxruntime"}.get(form, form))
    model = network()
    whole = detector(model)
    file = tmp_path_factory.mktemp(form) / {"onnx": "model.onnx", "openvino": "model.xml"}[form]
    raw = file.with_stem("raw")
    export_detector(whole, file, form, NAMES)
    export_detector(model, raw, form, NAMES)
    return SimpleNamespace(form=form, whole=whole, model=model, file=file, raw=raw)


@pytest.mark.slow
def test_the_same_objects(exported):
    images = batch()[0]
    assert read_class_names(exported.file) == NAMES
    expected = exported.whole.predict_on_batch(images)
    found = ExportedDetector(exported.file, exported.form).predict_on_batch(images)
    assert {*found} == {"boxes", "scores", "classes"}
    assert (np.asarray(expected["scores"]) > 0).sum() > 20
    for name, outputs in expected.items():
        np.testing.assert_allclose(found[name], outputs, rtol=1e-3, atol=1e-2)
    found = ExportedDetector(exported.raw, exported.form).predict_on_batch(images)
    for name, outputs in exported.model.predict_on_batch(images).items():
        np.testing.assert_allclose(found[name], outputs, rtol=1e-3, atol=1e-3)


def detect(*arguments):
    return run("detect", [*map(str, arguments)], "detect")


def made_noisy(photos):
    random = np.random.default_rng(0)
    for photo in sorted(photos.iterdir()):
        shape = read_image(photo).shape
        Image.fromarray(random.integers(0, 256, shape, "uint8")).save(photo)


@pytest.mark.slow
def test_commands_run_what_was_exported(exported, tmp_path, capsys):
    """The boxes of `predict` and the measures of `evaluate` are those of the Keras model."""
    pytest.importorskip("pycocotools")
    models = tmp_path / "model.keras", exported.file
    save_model(models[0], exported.model, NAMES)
    photos = make_coco(tmp_path / "data") / "train2017"
    made_noisy(photos)
    found = []
    for model in models:
        assert detect("predict", model, photos, "--json", "--score-threshold", "0.5") == 0
        images = json.loads(capsys.readouterr().out)
        found.append({Path(each["image"]).stem: each["objects"][:5] for each in images})
    expected, others = found
    assert [*others] == [*expected]
    for name, objects in expected.items():
        assert len(objects) == 5
        for one, other in zip(objects, others[name], strict=True):
            assert one["class"] == other["class"]
            np.testing.assert_allclose(other["box"], one["box"], atol=0.02)
    # The truth is what the Keras model is surest of.
    truth = [
        (
            name,
            read_image(photos / f"{name}.png").shape[:2],
            [(o["class"], *o["box"]) for o in objects],
        )
        for name, objects in expected.items()
    ]
    dataset = make_coco(tmp_path / "truth", {"train": truth})
    made_noisy(dataset / "train2017")
    measures = []
    for model in models:
        assert detect("evaluate", model, "--dataset", f"coco:{dataset}", "--split", "train") == 0
        measures.append(capsys.readouterr().out.split("\n", 1)[1])
    assert measures[0] == measures[1]
    assert float(re.search(r"^AP50 +([0-9.]+) %", measures[0], re.M)[1]) > 10


@pytest.mark.slow
def test_what_finds_no_boxes(exported, tmp_path, capsys):
    def refused(file):
        assert detect("predict", file, tmp_path / "photo.png") == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        return error

    Image.new("RGB", (40, 60)).save(tmp_path / "photo.png")
    assert "has no suppression in its graph" in refused(exported.raw)
    assert "no such file" in refused(tmp_path / exported.file.name)
    folder = shutil.copytree(exported.file.parent, tmp_path / "copy")
    file = folder / exported.file.name
    names_file(file).write_text('["cat"]')
    assert "has 1 names, and" in refused(file)
    names_file(file).unlink()
    assert f"{names_file(file)} is missing" in refused(file)
    file.write_bytes(file.read_bytes()[:1000])
    assert f"{file} cannot be run as {exported.form}" in refused(file)


def test_another_network_is_not_written(tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    right = ExportedDetector.predict_on_batch

    def another(self, images):
        return {name: value + 1 for name, value in right(self, images).items()}

    monkeypatch.setattr(ExportedDetector, "predict_on_batch", another)
    with pytest.raises(UserError, match="was not written"):
        export_detector(network(), tmp_path / "model.onnx", "onnx", NAMES)
    assert not [*tmp_path.iterdir()]


def outputs():
    """Of an image with three objects, the last two nearly as good as each other, and the end."""
    return {
        "boxes": np.arange(20, dtype="float32").reshape(1, 5, 4),
        "scores": np.array([[0.9, 0.7, 0.3, 0.2999, 0.0]], "float32"),
        "classes": np.array([[2000, 1, 2, 0, -1]], "int32"),
    }


def changed(name, place, by):
    made = outputs()
    made[name][0, place] += by
    return made


@pytest.mark.parametrize("name", ["boxes", "classes"])
def test_what_is_compared_of_boxes(name):
    assert {*differences(outputs(), outputs()).values()} == {0.0}
    for place, counts in enumerate([True, True, False, False, False]):
        found = differences(outputs(), changed(name, place, 1))
        assert (found[name] > TOLERANCE) == counts
        assert found["scores"] == 0


def test_what_is_compared_of_the_rest():
    assert differences(outputs(), changed("scores", 4, 0.1))["scores"] == pytest.approx(0.1)
    assert np.isnan(differences(outputs(), changed("boxes", 0, np.nan))["boxes"])
    raw = {"boxes": np.full((1, 2, 4), 5.0), "classes": np.full((1, 2, 3), -20.0)}
    found = differences(raw, raw | {"classes": raw["classes"] + 1})
    assert found == {"boxes": 0.0, "classes": pytest.approx(1 / 20)}
