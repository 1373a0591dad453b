"""Bad input: one line that names the value and the way out, exit code 2, nothing lost."""

import dataclasses
import json
import time

import numpy as np
import pytest
from ras_keras_console import COMMANDS

import ras_keras
from ras_keras.commands import run
from ras_keras.commands.line.flags import parse_with_recipe
from ras_keras.commands.train import Train
from ras_keras.layers import ATTENTION
from ras_keras.models import ResNet
from ras_keras.runs import state
from ras_keras.runs.state import Progress
from ras_keras.training import RECIPES, RunFolder, check_recipe, resolve
from tests.data.test_datasets import write_images


def call(command, *arguments):
    return run(command, [*map(str, arguments)], f"python scripts/{command}.py")


@pytest.fixture
def refused(capsys, tmp_path):
    def check(*arguments, command="train", says):
        logs = tmp_path / "logs"
        flags = [] if command != "train" or "--resume" in arguments else ["--log-dir", str(logs)]
        assert call(command, *arguments, *flags) == 2
        output = capsys.readouterr()
        assert output.err.startswith("error: ")
        assert output.err.count("\n") == 1
        for part in says:
            assert part in output.err
        assert not logs.exists() or not any(logs.iterdir()), "a run that never began leaves nothing"

    return check


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--depth", "50"], ["47 and 56", "50"]),
        (["--k", "0"], ["k must be an integer >= 1", "k=0"]),
        (["--k", "-1"], ["k=-1"]),
        (["--dataset", "cifra10"], ["'cifra10' is unknown; the nearest is 'cifar10'", "digits"]),
        (["--attention", "rass"], ["one of none, ras, se", "'rass'", "nearest is 'ras'"]),
        (["--recipe", "papr"], ["paper, quick", "'papr'", "nearest is 'paper'"]),
        (["--precision", "float16"], ["mixed_float16", "'float16'"]),
        (["--attention", "ras:connection=bachnorm"], ["None or one of batch_norm", "'bachnorm'"]),
        (["--batch-size", "0"], ["--batch-size must be >= 1", "0"]),
        (["--batch-size", "5000"], ["5000", "1,293 training images"]),
        (
            ["--recipe", "quick", "--steps-per-execution", "5"],
            ["5", "36 steps", "one of 1, 2, 3, 4, 6"],
        ),
        (["--dataset", "imdb_reviews"], ["imdb_reviews is no image-classification set"]),
        (["--dataset", "beans", "--image-size", "0"], ["--image-size must be >= 1"]),
        (["--dataset", "imagenette"], ["imagenette vary in size", "--image-size"]),
        (["--dept", "20"], ["unknown flag --dept; the nearest is --depth"]),
        (["--dataset", "folder:nowhere"], ["folder:nowhere", "no such folder", "PATH/train/CLASS"]),
        (["--dataset", "cifar10", "--data-dir", "nowhere"], ["nowhere", "--download", "digits"]),
        (["--resume", "nowhere"], ["nowhere is no run folder"]),
        (["--weights", "nowhere.keras"], ["nowhere.keras: no such file"]),
        (["--model", "resnett"], ["resnet, preresnet, wrn, resnext", "nearest is 'resnet'"]),
        (["--model", "wrn", "--depth", "30"], ["6n+4", "28 and 34", "depth=30"]),
        (["--attention", "se:reduction_ratio=65"], ["reduction_ratio", "64", "=65"]),
        (["--attention", "eca:kernel_size=4"], ["kernel_size must be odd", "=4"]),
        (["--attention", "eca:kernel_size=65"], ["kernel_size", "channels", "64"]),
        (["--attention", "cbam:kernel_size=6"], ["kernel_size must be odd", "=6"]),
        (["--attention", "dia:cells=0"], ["cells must be an integer >= 1", "=0"]),
        (["--model", "resnet:attention_stages=1+1"], ["attention_stages", "(1, 1)"]),
        (["--model", "resnet:attention_stages=4"], ["attention_stages", "(4,)"]),
        (["--attention", "dia:activation=gelu"], ["sigmoid, tanh, relu", "'gelu'"]),
        (["--attention", "cbam:kernel_size=1000001"], ["at most 4,095", "=1000001"]),
        (["--name", "../elsewhere"], ["--name ../elsewhere leads out of --log-dir"]),
        (["--name", "/elsewhere"], ["--name /elsewhere leads out of --log-dir"]),
        (["--attention", "cbam", "--k", "2"], ["--k must be 1 for cbam", "no recurrence"]),
        (["--attention", "dia", "--k", "2"], ["--k must be 1 for dia", "no recurrence"]),
        (["--attention", "sem", "--k", "2"], ["--k must be 1 for sem", "no recurrence"]),
        (
            ["--attention", "se:cells=2"],
            ["--attention se:cells=2: the option must be one of", "use_bias, k", "'cells'"],
        ),
        (
            ["--attention", "none", "--k", "2"],
            ["--attention none:k=2: none takes no options"],
        ),
        (["--model", "wrn:skip=False"], ["--model wrn:skip=False: the option must be one of"]),
        (["--model", "preresnet:batch_norm=False"], ["'batch_norm'", "attention_stages"]),
        (["--model", "resnet:widen_factor=1"], ["'widen_factor'", "batch_norm, skip"]),
        (["--model", "wrn:widen_factor=0"], ["widen_factor must be", "=0"]),
        (["--model", "wrn:dropout=1"], ["--model wrn:dropout=1: dropout must be in [0, 1)", "1.0"]),
        (["--imports", "nowhere"], ["--imports nowhere failed", "No module named 'nowhere'"]),
        (["--training-images", "9999"], ["--training-images 9999", "1,293", "choose fewer"]),
        (["--training-images", "0"], ["--training-images must be >= 1"]),
        (["--recipe", "strong", "--cutmix", "1"], ["--cutout 16 and --cutmix 1"]),
        (["--warmup-epochs", "164"], ["--warmup-epochs 164 (recipe ras-resnet164)", "less than"]),
        (["--crop-padding", "32"], ["--crop-padding 32", "32x32", "choose less than 32"]),
        (["--k", "101"], ["--k must be at most 100", "101"]),
        (
            ["--attention", "dia:cells=101"],
            ["--attention dia:cells=101: cells must be at most 100"],
        ),
        (["--attention", "ras:gamma_initializer=nan"], ["gamma_initializer must be", "nan"]),
        (
            ["--model", "resnet:attention_stages=1", "--attention", "none"],
            ["attention_stages says nothing to --attention none"],
        ),
        (["--attention", "ras:k=2", "--k", "3"], ["--attention ras:k=2", "--k 3", "one of them"]),
        (["--mirror", "maybe"], ["--mirror", "maybe"]),
    ],
)
def test_train(refused, arguments, says):
    refused(*arguments, says=says)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--k", "1.5"], "--k must be an integer. Received: '1.5'; the nearest is 2."),
        (["--epochs", "ten"], "--epochs must be an integer. Received: 'ten'."),
        (["--learning-rate", "fast"], "--learning-rate must be a number. Received: 'fast'."),
        (["--schedule", "5", "x"], "--schedule must be an integer. Received: 'x'."),
        (["--batch-size", "2.5"], "--batch-size must be an integer. Received: '2.5'; the nearest"),
        (["--k"], "--k needs a value, INT; see python scripts/train.py --help."),
        (["--resume"], "--resume needs a value, RUN_FOLDER; see python scripts/train.py --help."),
        (["--name", "--k", "2"], "--name needs a value, NAME; see python scripts/train.py --help"),
        (["junk"], "'junk' belongs to no flag; see python scripts/train.py --help."),
        (["--k", "2", "3"], "'3' belongs to no flag"),
        (["--download", "yes"], "'yes' belongs to no flag"),
    ],
)
def test_wrong_types(refused, arguments, says):
    refused(*arguments, says=[says])


@pytest.mark.parametrize(
    ("arguments", "new"),
    [
        (["--gamma-initializer", "0.1"], "--attention ras:gamma_initializer=0.1"),
        (["--attention", "se", "--reduction-ratio=8"], "--attention se:reduction_ratio=8"),
        (["--attention", "dia", "--cells", "2"], "--attention dia:cells=2"),
        (["--attention", "ras:k=3", "--no-shared"], "--attention ras:k=3,shared=False"),
        (["--connection", "none", "--k", "3"], "--attention ras:connection=none"),
        (["--model", "wrn", "--widen-factor", "8"], "--model wrn:widen_factor=8"),
        (["--widen_factor", "8"], "--model wrn:widen_factor=8"),
        (
            ["--attention-stages", "1", "3", "--normalize-input"],
            "--model resnet:attention_stages=1+3 --attention ras:normalize_input=True",
        ),
    ],
)
def test_flags_that_are_options_now(refused, arguments, new):
    refused(*arguments, says=[f"given as an option now, {new}\n"])
    command = [*new.split(), *(["--k", "3"] if "--k" in arguments else [])]
    check_recipe(parse_with_recipe(Train, command, "train").recipe)


OWN = """
import keras
from ras_keras.layers import register

class Own(keras.layers.Layer):
    {body}

register("own", Own)
"""


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("def build(self, shape): self.missing.x", ["own does not work in resnet", "missing"]),
        ("def call(self, x): raise TypeError('mine')", ["TypeError: mine", "keep the shape"]),
        ("def call(self, x): return x[..., :4]", ["keep the shape of its input: Own made"]),
        ("def call(self, x): return None", ["Own"]),
        ("def __init__(self, n): super().__init__()", ["own does not work", "'n'"]),
        ("def __init__(self): super().__init__()", ["own does not work", "get_config"]),
    ],
)
def test_a_layer_of_ones_own_that_fails(refused, tmp_path, monkeypatch, body, says):
    name = f"own_{abs(hash(body))}"
    (tmp_path / f"{name}.py").write_text(OWN.format(body=body))
    monkeypatch.chdir(tmp_path)
    try:
        refused("--imports", name, "--attention", "own", says=says)
    finally:
        ATTENTION.pop("own", None)


def test_a_module_that_leaves(refused, tmp_path, monkeypatch):
    (tmp_path / "leaving.py").write_text("import sys; sys.exit(3)")
    monkeypatch.chdir(tmp_path)
    refused("--imports", "leaving", says=["--imports leaving failed (3)"])


def test_log_dir_that_cannot_be_written(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    assert call("train", "--log-dir", tmp_path / "file") == 2
    assert (
        "cannot be created (Not a directory); choose another --log-dir" in capsys.readouterr().err
    )


def test_a_run_is_never_overwritten(capsys, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine.txt").write_text("kept")
    assert call("train", "--log-dir", tmp_path, "--name", "run") == 2
    assert "exists and is not overwritten" in capsys.readouterr().err
    assert (tmp_path / "run" / "mine.txt").read_text() == "kept"


def test_resuming_a_run_without_a_whole_state(refused, tmp_path):
    folder = RunFolder.create(str(tmp_path / "runs"), "run", resolve(RECIPES["quick"]))
    folder.write_recipe(resolve(RECIPES["quick"].replace(depth=11)))
    folder.file("state").mkdir()
    (folder.file("state") / "epoch-0003.npz").write_bytes(b"PK cut short")
    refused("--resume", folder.path, says=["holds no whole state"])
    refused("--resume", folder.path, "--model", "x", says=["--model x contradicts"])
    refused("--resume", folder.path, "--depth", 20, says=["--depth 20 contradicts the run's 11"])
    folder.file("recipe.json").write_text('{"dept": 11}')
    refused("--resume", folder.path, says=["recipe.json is damaged"])


def test_weights_that_do_not_fit(refused, tmp_path):
    ResNet(11, attention=None).save(tmp_path / "plain.keras")
    flags = ["--recipe", "quick", "--depth", 11, "--weights", tmp_path / "plain.keras"]
    refused(*flags, says=["stage1_block1_attention", "has no such layer"])


@pytest.mark.slow
def test_a_diverging_loss_keeps_the_last_good_model(capsys, tmp_path):
    flags = ["--recipe", "quick", "--depth", "11", "--batch-size", "128", "--learning-rate", "1e8"]
    assert call("train", *flags, "--log-dir", tmp_path, "--name", "nan") == 2
    error = capsys.readouterr().err.splitlines()[-1]
    good = tmp_path / "nan" / "last_good.keras"
    assert error.startswith("error: loss became ")
    assert "at step" in error
    assert str(good) in error
    for weight in ras_keras.load_model(good).get_weights():
        assert np.isfinite(weight).all()


@pytest.mark.slow
def test_a_full_disk_loses_nothing(capsys, tmp_path, monkeypatch):
    flags = ["--recipe", "quick", "--depth", "11", "--batch-size", "128", "--epochs", "1"]
    save = np.savez
    calls = []

    def full(file, **arrays):
        calls.append(file)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        save(file, **arrays)

    monkeypatch.setattr(state.np, "savez", full)
    assert call("train", *flags, "--log-dir", tmp_path, "--name", "run") == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "epoch-0001.npz cannot be written (No space left on device)" in error
    assert [file.name for file in (tmp_path / "run" / "state").iterdir()] == ["epoch-0000.npz"]
    assert call("train", "--resume", tmp_path / "run") == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.keras"], ["nowhere.keras: no such file"]),
        (["."], ["is no run folder"]),
        (["model.keras"], ["lies in no run folder; name its data set by --dataset"]),
        (["model.keras", "--dataset", "digits", "--batch-size", "0"], ["--batch-size"]),
        (["model.keras", "--dataset", "digits"], ["(4,)", "10 classes", "--dataset"]),
        (["model.keras", "--dataset", "digits", "--output", "x.foo"], ["x.foo", ".png"]),
        (["model.keras", "--dataset", "digits", "--output", "no/x.png"], ["no folder no"]),
        (["small.keras", "--dataset", "digits"], ["(16, 16, 3)", "(32, 32, 3)", "--image-size"]),
    ],
)
def test_evaluate(refused, tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    ResNet(11, classes=4).save("model.keras")
    ResNet(11, input_shape=(16, 16, 3)).save("small.keras")
    refused(*arguments, command="evaluate", says=says)


@pytest.mark.slow
def test_a_diverging_last_step_is_not_kept(capsys, tmp_path):
    """One step an epoch: the loss is still finite when the weights no longer are."""
    write_images(tmp_path / "data", size=(32, 32))
    flags = ["--recipe", "quick", "--depth", "11", "--dataset", f"folder:{tmp_path / 'data'}"]
    flags += ["--batch-size", "6", "--epochs", "1", "--validation-split", "0"]
    flags += ["--learning-rate", "1e38", "--weight-decay", "1e5", "--log-dir", tmp_path]
    assert call("train", *flags, "--name", "nan") == 2
    assert "finite" in capsys.readouterr().err
    assert not (tmp_path / "nan" / "best.keras").exists()
    for weight in ras_keras.load_model(tmp_path / "nan" / "last_good.keras").get_weights():
        assert np.isfinite(weight).all()


@pytest.mark.parametrize("begun", [True, False])
def test_ctrl_c_outside_of_the_steps(capsys, tmp_path, monkeypatch, begun):
    def interrupted(recipe, run, **options):
        if begun:
            run.file("state").mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr("ras_keras.commands.train.train", interrupted)
    assert call("train", "--log-dir", tmp_path, "--name", "run") == 130
    error = capsys.readouterr().err
    assert "stopped by SIGINT" in error
    assert (f"--resume {tmp_path / 'run'}" in error) == begun
    assert (tmp_path / "run").exists() == begun


def test_resuming_on_another_backend(refused, tmp_path):
    folder = RunFolder.create(str(tmp_path / "runs"), "run", resolve(RECIPES["quick"]))
    folder.write_recipe(resolve(RECIPES["quick"].replace(depth=11)))
    folder.write_json("environment.json", [{"backend": "jax"}])
    progress = json.dumps(dataclasses.asdict(Progress()))
    np.savez(folder.file("state.npz"), progress=progress)
    folder.file("state").mkdir()
    folder.file("state.npz").rename(folder.file("state") / "epoch-0000.npz")
    refused("--resume", folder.path, says=["trained on jax", "KERAS_BACKEND=jax"])
    refused("--resume", folder.path, "--name", "x", says=["--name x says nothing beside --resume"])


@pytest.mark.parametrize("backend", ["torch", "nonsense"])
def test_a_backend_that_is_none(run_python, backend):
    done = run_python("scripts/train.py", "--help", KERAS_BACKEND=backend)
    assert done.returncode == 2
    assert done.stderr.startswith("error: KERAS_BACKEND must be one of tensorflow, jax.")
    assert done.stderr.count("\n") == 1


def test_answers_in_one_line(run_python):
    """The whole process: one line, no traceback, nothing of TensorFlow's."""
    done = run_python("scripts/train.py", "--dataset", "cifar10", "--data-dir", "/nowhere")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["modle"], ["model, inference, training, formats, data, versus", "nearest is 'model'"]),
        (["data", "--steps", "0"], ["--steps must be >= 1. Received: 0"]),
        (["inference", "--repeats", "0"], ["--repeats must be >= 1. Received: 0"]),
        (["training", "--batch-size", "0"], ["--batch-size must be >= 1. Received: 0"]),
        (["model", "--classes", "0"], ["--classes must be >= 1. Received: 0"]),
        (["model", "--image-size", "0"], ["--image-size must be >= 1. Received: 0"]),
        (["model", "--attentions", "see"], ["--attentions", "none, ras", "nearest is 'se'"]),
        (["model", "--models", "resnett"], ["--models", "preresnet", "nearest is 'resnet'"]),
        (["model", "--models"], ["--models names nothing"]),
        (["model", "--depths", "11", "12"], ["depth must be", "11 and 20", "depth=12"]),
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
        (["versus-pytorch", "--settings", "our"], ["--settings", "nearest is 'ours'"]),
        (["versus-pytorch", "--what", "all"], ["--what must be one of both, inference"]),
        (["versus-pytorch", "--threads", "0"], ["--threads must be >= 1. Received: 0"]),
    ],
)
def test_benchmark(refused, arguments, says):
    refused(*arguments, command="benchmark", says=says)


def test_a_folder_that_cannot_be_written(refused, tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)
    flags = ["model", "--output", tmp_path / "x.csv"]
    refused(*flags, command="benchmark", says=["cannot be written; choose another folder"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--depth", "84"], ["83 and 92", "depth=84"]),
        (["--attention", "see"], ["--attention must be one of none, ras", "nearest is 'se'"]),
        (["--attention", "se"], ["se:k=1 has not been written in PyTorch"]),
        (["--attention", "ras:connection=tanh"], ["connection=tanh has not been written"]),
        (["--batch-size", "0"], ["--batch-size must be >= 1"]),
    ],
)
def test_versus_pytorch(refused, arguments, says):
    pytest.importorskip("torch")
    refused("versus-pytorch", *arguments, command="benchmark", says=says)


@pytest.mark.parametrize(
    "arguments", [["--depth", "50"], ["--resume", "nowhere"], ["--epoch", "1"]]
)
def test_answers_within_a_second(arguments):
    """Of processor time after the imports, so that a busy machine does not matter."""
    began = time.process_time()
    assert call("train", *arguments) == 2
    assert time.process_time() - began < 1


@pytest.mark.slow
def test_start_up_imports_nothing_heavy_that_it_does_not_use(run_python):
    program = """
import importlib, sys, keras, tensorflow
before = set(sys.modules)
for command in sys.argv[1:]:
    importlib.import_module(f"ras_keras.commands.{command}")
print(*set(sys.modules) - before)
"""
    loaded = set(run_python("-c", program, *COMMANDS).stdout.split())
    assert "ras_keras.training.trainer" in loaded
    heavy = {"tensorflow_datasets", "keras_tuner", "sklearn", "matplotlib", "PIL"}
    assert not loaded & (heavy | {"starlette", "grpc", "torch", "onnx", "openvino"})
