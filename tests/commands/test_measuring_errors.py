"""Flags of evaluate and benchmark that cannot be: one line, exit code 2."""

import pytest

from ras_keras.inference import runtimes
from ras_keras.models import ResNet


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    ResNet(11, classes=4).save(folder / "model.keras")
    ResNet(11, input_shape=(16, 16, 3)).save(folder / "small.keras")
    return folder


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.keras"], ["nowhere.keras: no such file"]),
        (["."], ["is no run folder"]),
        (["model.keras", "--streams", "0"], ["--streams must be >= 1. Received: 0"]),
        (["model.keras", "--micro-batch", "-1"], ["--micro-batch must be >= 1. Received: -1"]),
        (["model.keras", "--precision", "float16"], ["--precision", "float32, bfloat16"]),
        (["model.keras", "--beside", "nowhere.keras"], ["nowhere.keras: no such file"]),
        (["model.keras"], ["lies in no run folder; name its data set by --dataset"]),
        (["model.keras", "--dataset", "digits", "--batch-size", "0"], ["--batch-size"]),
        (["model.keras", "--dataset", "digits"], ["(4,)", "10 classes", "--dataset"]),
        (["model.keras", "--dataset", "digits", "--output", "x.foo"], ["x.foo", ".png"]),
        (["model.keras", "--dataset", "digits", "--output", "no/x.png"], ["no folder no"]),
        (["small.keras", "--dataset", "digits"], ["(16, 16, 3)", "(32, 32, 3)", "--image-size"]),
    ],
)
def test_evaluate(refused, models, monkeypatch, arguments, says):
    monkeypatch.chdir(models)
    refused(*arguments, command="evaluate", says=says)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["modle"],
            ["model, inference, training, profile, memory, formats, serve", "nearest is 'model'"],
        ),
        (["formats", "--streams", "0"], ["--streams must be >= 1. Received: 0"]),
        (["formats", "--micro-batch", "0"], ["--micro-batch must be >= 1. Received: 0"]),
        (["data", "--steps", "0"], ["--steps must be >= 1. Received: 0"]),
        (["inference", "--repeats", "0"], ["--repeats must be >= 1. Received: 0"]),
        (["training", "--batch-size", "0"], ["--batch-size must be >= 1. Received: 0"]),
        (["model", "--classes", "0"], ["--classes must be >= 1. Received: 0"]),
        (["model", "--image-size", "0"], ["--image-size must be >= 1. Received: 0"]),
        (["model", "--attentions", "see"], ["--attentions", "none, ras", "nearest is 'se'"]),
        (["model", "--models", "resnett"], ["--models", "preresnet", "nearest is 'resnet'"]),
        (["model", "--models"], ["--models names nothing"]),
        (["formats", "--formats"], ["--formats names nothing; give one or several of keras"]),
        (["serve", "--runtimes"], ["--runtimes names nothing; give one or both of keras"]),
        (
            ["model", "--depths", "11", "12", "--attentions", "none"],
            ["depth must be", "11 and 20", "depth=12"],
        ),
        (["model", "--attentions", "ras:kk=2"], ["ras:kk=2: the option", "nearest is 'k'"]),
        (["model", "--attentions", "cbam:kk=2"], ["cbam:kk=2: the option", "kernel_size"]),
        (["model", "--attentions", "ras:k=two"], ["ras:k=two: k must be an integer", "'two'"]),
        (["model", "--attentions", "ras:shared=1"], ["shared must be true or false", "'1'"]),
        (["model", "--attentions", "none:k=2"], ["none:k=2: none takes no options"]),
        (["model", "--attentions", "eca:kernel_size=4"], ["eca:kernel_size=4: kernel_size must"]),
        (["model", "--models", "resnet:attention_stages=4"], ["attention_stages", "(4,)"]),
        (["model", "--models", "wrn:skip=False"], ["wrn:skip=False: the option", "dropout"]),
        (["inference", "--precision", "float16"], ["--precision", "mixed_float16"]),
        (["inference", "--jit", "maybe"], ["--jit must be one of auto, on, off"]),
        (["model", "--imports", "nowhere"], ["--imports nowhere failed"]),
        (["model", "--output", "no/x.csv"], ["there is no folder no"]),
        (["model", "--output", "x.txt"], ["x.txt names no CSV file"]),
        (["training", "--table", "tabel1"], ["--table", "table1", "nearest is 'table1'"]),
        (["training", "--table", "table1", "--depths", "20"], ["leave out --depths"]),
        (["versus-pytorch", "--settings", "our"], ["--settings", "nearest is 'ours'"]),
        (["versus-pytorch", "--what", "all"], ["--what must be one of both, inference"]),
        (["versus-pytorch", "--precision", "mixed_float16"], ["--precision", "mixed_bfloat16"]),
        (["versus-pytorch", "--threads", "0"], ["--threads must be >= 1. Received: 0"]),
        (
            ["versus-pytorch", "--what", "training", "--settings", "ours", "ours-openvino"],
            ["--settings ours-openvino is for inference alone, and --what training times none"],
        ),
    ],
)
def test_benchmark(refused, arguments, says):
    refused(*arguments, command="benchmark", says=says)


@pytest.mark.parametrize(
    ("flags", "package"),
    [
        (("formats", "--formats", "openvino-bfloat16"), "openvino"),
        (("formats", "--formats", "onnx"), "onnx"),
        (("formats", "--formats", "litert-int8"), "litert"),
    ],
)
def test_a_runtime_that_is_not_installed(refused, monkeypatch, flags, package):
    monkeypatch.setattr("ras_keras.backend.imports.find_spec", lambda module: None)
    refused(*flags, command="benchmark", says=["is not installed: pip install", f"[{package}]"])


@pytest.mark.parametrize(
    "flags",
    [
        ("formats", "--formats", "openvino-bfloat16"),
        ("versus-pytorch", "--precision", "mixed_bfloat16", "--settings", "ours-openvino"),
    ],
)
def test_a_processor_without_bfloat16(refused, monkeypatch, flags):
    pytest.importorskip("openvino")
    monkeypatch.setitem(runtimes.CAPABILITIES, "bfloat16", "a word of no processor")
    says = ["--precision bfloat16 is what this processor does not have; leave it out."]
    refused(*flags, command="benchmark", says=says)


def test_a_folder_that_cannot_be_written(refused, tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)
    flags = ["model", "--output", tmp_path / "x.csv"]
    refused(*flags, command="benchmark", says=["cannot be written; choose another folder"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--depth", "84"], ["83 and 92", "depth=84"]),
        (["--attention", "see"], ["--attention must be one of none, ras", "nearest is 'se'"]),
        (["--attention", "se"], ["se has not been written in PyTorch; choose none, or ras"]),
        (["--attention", "ras:connection=tanh"], ["connection=tanh has not been written"]),
        (["--batch-size", "0"], ["--batch-size must be >= 1"]),
    ],
)
def test_versus_pytorch(refused, arguments, says):
    pytest.importorskip("torch")
    refused("versus-pytorch", *arguments, command="benchmark", says=says)
