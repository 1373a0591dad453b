"""Detectors in other runtimes: as they are, and with suppression in the graph."""

import numpy as np
import pytest

from ras_keras.detection import RetinaNet, detector, export_detector
from ras_keras.detection.export import TOLERANCE, differences, run_exported
from ras_keras.errors import UserError
from ras_keras.outputs.class_names import read_class_names
from tests.detection.test_retina_net import backbone, batch

NAMES = ("cat", "dog", "emu")


def network():
    """One that finds something: its last convolutions are large."""
    model = RetinaNet(backbone(), classes=3, channels=8)
    random = np.random.default_rng(0)
    for layer in model.layers:
        if layer.name.startswith(("boxes_", "classes_")) and hasattr(layer, "kernel"):
            deviation = 0.3 * {"classes_output": 15, "boxes_output": 10}.get(layer.name, 1)
            layer.kernel.assign(random.normal(0, deviation, layer.kernel.shape))
            layer.bias.assign(np.zeros(layer.bias.shape))
    return model


@pytest.mark.slow
@pytest.mark.parametrize("form", ["onnx", "openvino"])
def test_the_same_objects(tmp_path, form):
    pytest.importorskip({"onnx": "onnxruntime"}.get(form, form))
    model, images = network(), batch()[0]
    whole = detector(model, max_detections=20)
    file = tmp_path / {"onnx": "model.onnx", "openvino": "model.xml"}[form]
    export_detector(whole, file, form, NAMES)
    assert read_class_names(file) == NAMES
    expected, found = whole.predict_on_batch(images), run_exported(file, form, images)
    assert {*found} == {"boxes", "scores", "classes"}
    assert (np.asarray(expected["scores"]) > 0).sum() > 20
    for name, outputs in expected.items():
        np.testing.assert_allclose(found[name], outputs, rtol=1e-3, atol=1e-2)
    raw = file.with_stem("raw")
    export_detector(model, raw, form, NAMES)
    found = run_exported(raw, form, images)
    for name, outputs in model.predict_on_batch(images).items():
        np.testing.assert_allclose(found[name], outputs, rtol=1e-3, atol=1e-3)


def test_another_network_is_not_written(tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    from ras_keras.detection import export

    def another(path, form, images):
        return {name: value + 1 for name, value in run_exported(path, form, images).items()}

    monkeypatch.setattr(export, "run_exported", another)
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
