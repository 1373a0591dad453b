"""Exported models, each in its own runtime."""

import json
import re
import shutil
from importlib import util

import keras
import numpy as np
import pytest

from ras_keras.backend.policies import dtype_policy
from ras_keras.benchmark.networks.speed import scattered
from ras_keras.data import load_dataset
from ras_keras.errors import UserError
from ras_keras.export.export import TOLERANCE, export
from ras_keras.export.precision import half_precision, in_float32
from ras_keras.inference.formats import FORMATS
from ras_keras.inference.predictor import open_predictor
from ras_keras.models import ResNet, ResNeXt
from ras_keras.outputs.class_names import write_class_names
from ras_keras.training import Recipe, resolve
from tests.commands.test_commands import call, train
from tests.conformance.subjects import outputs
from tests.once import made_once
from tests.tiers import HALF_PRECISIONS

pytestmark = pytest.mark.slow

INT8 = ["--format", "litert", "--quantize", "int8"]
# Attention other than RAS, and what it is exported to.
OTHERS = {"cbam": ("onnx",), "dia": ("openvino", "litert")}
DIGITS = [str(digit) for digit in range(10)]


@pytest.fixture(scope="module")
def images():
    return load_dataset("digits").test.images[:7]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run whose network knows most digits."""
    flags = ["--batch-size", "32", "--epochs", "6", "--schedule", "5", "--crop-padding", "0"]
    return made_once(tmp_path_factory, "logs", lambda logs: train(logs, "run", *flags)) / "run"


@pytest.fixture(scope="module")
def exported(trained, images, tmp_path_factory):
    """The folder that the trained network and others were exported to, with what Keras says."""

    def make(folder):
        np.save(folder / "images.npy", images)
        assert call("export", trained, "--format", *FORMATS, "--output", folder / "ras") == 0
        np.save(folder / "ras.npy", open_predictor(trained).predict(images))
        for name, kinds in OTHERS.items():
            recipe = resolve(Recipe().replace(depth=11, attention=name, batch_size=16))
            model = scattered(recipe, 10)
            np.save(folder / f"{name}.npy", outputs(model, images))
            for kind in kinds:
                export(model, folder / f"{name}{FORMATS[kind].ending}", kind, DIGITS)

    return made_once(tmp_path_factory, "exported", make)


def test_each_format_in_its_runtime_alone(exported, run_python):
    done = run_python("tests/export/runtimes_alone.py", exported)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) == {
        *("ras_saved_model", "ras.onnx", "ras.xml", "ras.tflite"),
        *(f"{name}{FORMATS[kind].ending}" for name, kinds in OTHERS.items() for kind in kinds),
    }
    for name, each in found.items():
        assert each["difference"] < TOLERANCE, name
        assert each["classes"] == DIGITS


@pytest.mark.parametrize("name", FORMATS)
def test_an_exported_model_is_a_predictor(exported, images, name):
    predictor = open_predictor(exported / f"ras{FORMATS[name].ending}")
    assert predictor.image_shape == (32, 32, 3)
    assert predictor.class_names == tuple(DIGITS)
    expected = np.load(exported / "ras.npy")
    assert expected.max(axis=1).min() > 0.2, "the network says something"
    for count in (7, 1, 3):
        probabilities = predictor.predict(images[:count])
        assert probabilities.dtype == "float32"
        np.testing.assert_allclose(probabilities, expected[:count], atol=TOLERANCE)


def test_folded(trained, exported, images, tmp_path, capsys):
    flags = ["--fold", "--format", "onnx", "--output", tmp_path / "folded.onnx"]
    assert call("export", trained, *flags) == 0
    assert ", on 200 images 0 labels changed, largest difference" in capsys.readouterr().out
    expected = open_predictor(trained).predict(images)
    predictor = open_predictor(tmp_path / "folded.onnx")
    np.testing.assert_allclose(predictor.predict(images), expected, atol=TOLERANCE)
    assert _operations(tmp_path / "folded.onnx") < _operations(exported / "ras.onnx")


def _operations(file):
    import onnx

    return len(onnx.load(file).graph.node)


def test_int8(trained, tmp_path, capsys):
    assert call("export", trained, *INT8, "--output", tmp_path / "small") == 0
    *_, checked, line = capsys.readouterr().out.splitlines()
    assert re.search(r"on 200 images \d+ labels changed, .* in log-probabilities", checked)
    assert line.endswith("points lost (n=360, digits)")
    result = json.loads((trained / "result.json").read_text())["best"]
    assert f"{100 * result['test_accuracy']:.2f} % in float32" in line
    test = load_dataset("digits").test
    quantized = open_predictor(tmp_path / "small_int8.tflite")
    accuracy = (quantized.predict(test.images).argmax(axis=1) == test.labels).mean()
    assert f"test accuracy {100 * accuracy:.2f} %," in line
    assert result["test_accuracy"] > 0.5
    assert abs(accuracy - result["test_accuracy"]) < 0.01
    assert quantized.class_names == tuple(DIGITS)


@pytest.mark.slow
def test_a_gelu_is_of_operations_that_onnx_has(tmp_path):
    """TensorFlow makes its 1 + erf a complementary error function."""
    inputs = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(8, 3, activation="gelu")(inputs / 255)
    x = keras.layers.Dense(8, activation="gelu")(keras.layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, keras.layers.Dense(3, "softmax")(x))
    export(model, tmp_path / "gelu.onnx", "onnx", None)
    assert (tmp_path / "gelu.onnx").stat().st_size > 0


def test_networks_of_any_size_and_with_grouped_convolutions(tmp_path):
    any_size = ResNet(11, input_shape=(None, None, 3), classes=3)
    for model, name in ((any_size, "litert"), (ResNeXt(11), "onnx")):
        path = tmp_path / f"{model.name}-{name}{FORMATS[name].ending}"
        export(model, path, name, DIGITS[: model.output_shape[1]])
        predictor = open_predictor(path)
        assert predictor.image_shape == model.input_shape[1:]
        images = np.random.default_rng(1).integers(0, 256, (2, 32, 32, 3), "uint8")
        expected = model.predict_on_batch(images)
        np.testing.assert_allclose(predictor.predict(images), expected, atol=TOLERANCE)


@pytest.mark.parametrize("policy", HALF_PRECISIONS)
def test_half_precision_becomes_float32(policy, images):
    full = ResNet(11)
    with dtype_policy(policy):
        half = ResNet(11)
    half.set_weights(full.get_weights())
    assert (half_precision(half), half_precision(full)) == (policy, None)
    twin = in_float32(half)
    assert half_precision(twin) is None
    assert in_float32(full) is full
    np.testing.assert_allclose(
        twin.predict_on_batch(images), full.predict_on_batch(images), atol=1e-6
    )


def test_damaged_files(exported, tmp_path):
    for ending in (".onnx", ".tflite", ".xml"):
        file = tmp_path / f"cut{ending}"
        content = (exported / f"ras{ending}").read_bytes()
        file.write_bytes(content[: len(content) // 2])
        (tmp_path / "cut.bin").write_bytes(b"")
        with pytest.raises(UserError, match=rf"cut{ending} cannot be run as .* damaged"):
            open_predictor(file)
    folder = tmp_path / "model"
    shutil.copytree(exported / "ras_saved_model", folder)
    (folder / "saved_model.pb").write_bytes(b"no graph")
    with pytest.raises(UserError, match="model cannot be run as saved_model"):
        open_predictor(folder)
    shutil.copy(exported / "ras.xml", tmp_path / "alone.xml")
    with pytest.raises(UserError, match=r"alone.bin, its weights, is not beside it"):
        open_predictor(tmp_path / "alone.xml")
    with pytest.raises(UserError, match=r"nowhere.onnx: no such file"):
        open_predictor(tmp_path / "nowhere.onnx")


def test_a_failed_export_leaves_nothing(tmp_path, monkeypatch):
    def damaged(model, path):
        path.write_bytes(b"x")

    monkeypatch.setitem(export.__globals__["WRITERS"], "onnx", damaged)
    with pytest.raises(UserError, match="cannot be run as onnx"):
        export(ResNet(11), tmp_path / "x.onnx", "onnx", DIGITS)
    assert not list(tmp_path.iterdir())


@pytest.fixture
def model(tmp_path):
    """A model in no run folder."""
    file = tmp_path / "model.keras"
    ResNet(11).save(file)
    write_class_names(file, DIGITS)
    return file


@pytest.fixture
def refused(capsys):
    def check(*arguments, says):
        assert call("export", *arguments) == 2
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert error.count("\n") == 1
        for part in says:
            assert part in error

    return check


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--format", "onxx"], ["--format", "'onxx'", "nearest is 'onnx'"]),
        (["--format", "torch"], ["one of saved_model, onnx, openvino, litert"]),
        (["--format"], ["--format"]),
        (["--quantize", "int8"], ["--format names saved_model", "give --format litert"]),
        (["--format", "litert", "--quantize", "int4"], ["--quantize", "'int4'"]),
        ([*INT8, "--calibration-images", "0"], ["--calibration-images must be >= 1"]),
        (["--calibration-images", "9"], ["say nothing without --quantize int8"]),
        (["--dataset", "digits", "--image-size", "8"], ["--image-size 8"]),
        (["--images"], ["--images names nothing"]),
        (["--images", "nowhere.png"], ["nowhere.png: no such file"]),
        (["--images", __file__, "--dataset", "digits"], ["contradict each other"]),
        (INT8, ["in no run folder", "--dataset"]),
        (
            [*INT8, "--dataset", "digits", "--calibration-images", "1438"],
            ["--calibration-images 1438", "1,437"],
        ),
        (["--output", "nowhere/model"], ["nowhere", "make it first"]),
        (["--format", "onnx"], ["model.onnx exists", "choose another --output"]),
    ],
)
def test_errors(refused, model, flags, says):
    model.with_suffix(".onnx").write_bytes(b"")
    refused(model, *flags, says=says)
    assert {file.name for file in model.parent.iterdir()} == {"model.keras", "model.onnx"}


def test_an_extra_that_is_not_installed(refused, model, exported, monkeypatch):
    monkeypatch.setattr("ras_keras.backend.imports.find_spec", lambda name: None)
    says = ["format onnx needs the package onnx,", "pip install 'ras_keras[onnx]'"]
    refused(model, "--format", "onnx", says=says)
    with pytest.raises(
        UserError, match=r"openvino needs the package openvino, which is not installed"
    ):
        open_predictor(exported / "ras.xml")
    assert util.find_spec("onnx")


def test_another_backend(refused, model, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    says = ["KERAS_BACKEND jax", "KERAS_BACKEND=tensorflow"]
    refused(model, says=says)


def test_what_is_exported_already(refused, exported):
    for name in ("ras.onnx", "ras_saved_model"):
        refused(exported / name, says=[f"{name} is exported already", "name the .keras file"])


def test_a_model_that_is_no_classifier_of_images(refused, tmp_path):
    file = tmp_path / "flat.keras"
    keras.Sequential([keras.Input((7,)), keras.layers.Dense(4)]).save(file)
    refused(file, says=["no images of shape"])


@pytest.mark.parametrize("name", ["ras.onnx", "ras_saved_model"])
def test_evaluate_takes_exported_models(trained, exported, name, tmp_path, capsys):
    flags = ["--dataset", "digits", "--output", tmp_path / "picture.png"]
    assert call("evaluate", exported / name, *flags) == 0
    printed = capsys.readouterr().out
    result = json.loads((trained / "result.json").read_text())["best"]
    assert f"top-1    {100 * result['test_accuracy']:.2f} %" in printed
    # Another runtime rounds otherwise, and the last digit shown with it.
    loss = float(re.search(r"^loss +([\d.]+)", printed, re.MULTILINE)[1])
    assert loss == pytest.approx(result["test_loss"], abs=2e-3)


REPORTS = """
import openvino_telemetry
from openvino_telemetry.backend import backend_ga4

sent = []
backend_ga4.GA4Backend.send = lambda self, message: sent.append(message)
import openvino

before = len(sent)
from ras_keras.export.export import export
from ras_keras.models import ResNet

export(ResNet(11), __import__("pathlib").Path(r"{path}"), "openvino", None)
print(len(sent) - before)
"""


@pytest.mark.slow
def test_openvino_reports_no_use_of_ours(run_python, tmp_path):
    """Where it was imported before us, as here, by someone else."""
    pytest.importorskip("openvino")
    code = REPORTS.format(path=tmp_path / "model.xml")
    home = {"HOME": str(tmp_path), "CI": ""}
    done = run_python("-c", code, **home)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "0"
