"""The names of the authors' checkpoints, without PyTorch."""

import sys

import numpy as np
import pytest

from ras_keras.commands import run
from ras_keras.convert.import_weights import check_import, import_weights
from ras_keras.convert.pytorch_names import Entries
from ras_keras.errors import UserError
from ras_keras.recipes import NetworkRecipe

BN = {"weight": 1.0, "bias": 2.0, "running_mean": 3.0, "running_var": 4.0}


def batch_norm(name, channels):
    values = {f"{name}.{part}": np.full(channels, value) for part, value in BN.items()}
    return values | {f"{name}.num_batches_tracked": np.array(7)}


def checkpoint(k=2, classes=10, blocks=1):
    """What the RAS authors' code saves of a ResNet with a block a stage."""
    entries = {"conv1.weight": np.ones((16, 3, 3, 3)), **batch_norm("bn1", 16)}
    inputs = 16
    for stage, width in enumerate((16, 32, 64), start=1):
        for index in range(blocks):
            name, outputs = f"layer{stage}.{index}", 4 * width
            entries |= {f"{name}.conv1.weight": np.ones((width, inputs, 1, 1))}
            entries |= {f"{name}.conv2.weight": np.ones((width, width, 3, 3))}
            entries |= {f"{name}.conv3.weight": np.ones((outputs, width, 1, 1))}
            for i, channels in enumerate((width, width, outputs), start=1):
                entries |= batch_norm(f"{name}.bn{i}", channels)
            for i in range(1, k):
                entries |= batch_norm(f"{name}.bn{3 + i}", outputs)
            entries |= {f"{name}.w": np.full((1, outputs, 1, 1), 5.0)}
            entries |= {f"{name}.b": np.full(outputs, 6.0)}
            if index == 0:
                entries |= {f"{name}.downsample.0.weight": np.ones((outputs, inputs, 1, 1))}
                entries |= batch_norm(f"{name}.downsample.1", outputs)
            inputs = outputs
    weight = np.arange(classes * inputs, dtype="float32").reshape(classes, inputs)
    return entries | {"fc.weight": weight, "fc.bias": np.arange(classes)}


def built(entries, **fields):
    recipe = NetworkRecipe(**fields)
    check_import(recipe, 32, None, None)
    return import_weights(Entries(entries), recipe, "x.pth", image_size=32)


def refused(entries, says, **fields):
    with pytest.raises(UserError) as error:
        built(entries, **fields)
    for part in says:
        assert part in str(error.value)
    assert "\n" not in str(error.value)


def test_every_weight_is_in_its_place():
    model, found = built({f"module.{name}": v for name, v in checkpoint(classes=4).items()})
    assert found == {"depth": 11, "k": 2, "normalize_input": False}
    attention = model.get_layer("stage2_block1_attention")
    values = [*attention.connections[0].get_weights(), attention.gamma, attention.beta]
    assert [np.unique(value).item() for value in values] == [1, 2, 3, 4, 5, 6]
    kernel, bias = model.get_layer("predictions").get_weights()
    np.testing.assert_array_equal(kernel, np.arange(1024).reshape(4, 256).T)
    np.testing.assert_array_equal(bias, range(4))


@pytest.mark.parametrize(
    ("connections", "given", "expected"),
    [
        (1, {}, (2, False)),
        (1, {"k": 2}, (2, False)),
        (1, {"k": 1}, (1, True)),
        (1, {"attention": "ras:normalize_input=True"}, (1, True)),
        (2, {"attention": "ras:k=3,normalize_input=False"}, (3, False)),
        (0, {"k": 1}, (1, False)),
    ],
)
def test_both_readings_of_k(connections, given, expected):
    model, _ = built(checkpoint(k=connections + 1), **given)
    attention = model.get_layer("stage1_block1_attention")
    assert (attention.k, attention.normalize_input) == expected
    assert len(attention.connections) == connections


def test_contradictions_of_k():
    says = ["x.pth has 1 batch normalizations", "k=2 attention='ras:normalize_input=False'"]
    refused(checkpoint(), [*says, "attention='ras:k=3'"], k=3)
    both = "ras:k=2,normalize_input=True"
    refused(checkpoint(), [both], attention=both)
    refused(checkpoint(k=1), ["normalize_input=True"], attention="ras:normalize_input=True")


@pytest.mark.slow
def test_the_wrong_network():
    refused(checkpoint(), ["left over: layer1.0.bn4.weight", "and 6 more"], attention="none")
    refused(checkpoint(), ["missing: layer1.1.conv1.weight", " more"], depth=20)
    refused(checkpoint(blocks=2), ["left over: layer1.1.conv1.weight", " more"], depth=11)
    refused(checkpoint(), ["left over: layer1.0.w, layer1.0.b"], attention="se")
    plain = {n: v for n, v in checkpoint(k=1).items() if not n.endswith((".w", ".b"))}
    refused(plain, ["missing: layer1.0.0.0.weight, layer1.0.0.0.bias"], attention="se")
    refused(checkpoint(), ["missing: layer1.ih.0.0.weight"], attention="dia")


def test_entries_that_do_not_fit():
    entries = checkpoint()
    entries["layer1.0.conv1.weight"] = np.ones((16, 3))
    entries["bn1.bias"] = np.ones(3)
    shapes = "layer1.0.conv1.weight (16, 3) instead of (16, 16, 1, 1)"
    refused(entries, ["misshapen: bn1.bias (3,) instead of (16,)", shapes])
    refused({**checkpoint(), "fc.weight": np.ones(3)}, ["no entry fc.weight of two dimensions"])
    refused({"a": np.ones(3)}, ["no entry fc.weight"])


def test_arguments():
    refused({}, ["`model` must be one of resnet, preresnet, wrn"], model="resnext")
    refused({}, ["`attention` must be one of none, ras, se, dia"], attention="cbam")
    refused({}, ["47 and 56", "depth=50"], depth=50)
    with pytest.raises(UserError, match="`std` must be three numbers for pixels from 0 to 1"):
        check_import(NetworkRecipe(), 32, None, (51, 51, 51))
    with pytest.raises(UserError, match="`mean` must be three numbers"):
        check_import(NetworkRecipe(), 32, (0.5, 0.5), None)


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("x.h5", "names no .keras file"),
        ("no/x.keras", "no folder no"),
        ("there.keras", "there.keras exists and is not overwritten"),
    ],
)
def test_outputs(capsys, tmp_path, monkeypatch, output, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.keras").write_text("mine")
    flags = ["--output", output]
    assert run("import_weights", ["x.pth", *flags], "python scripts/import_weights.py") == 2
    assert says in capsys.readouterr().err
    assert (tmp_path / "there.keras").read_text() == "mine"


def test_without_pytorch(capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    file = tmp_path / "x.pth"
    file.write_bytes(b"")
    assert run("import_weights", [str(file)], "python scripts/import_weights.py") == 2
    error = capsys.readouterr().err
    assert error.startswith("error: import_weights needs PyTorch")
    assert "pip install 'ras_keras[peers]'" in error
