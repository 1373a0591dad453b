"""Checkpoints of PyTorch networks with the authors' names become models of the same outputs."""

import os

import numpy as np
import pytest

import ras_keras
from ras_keras.commands import run
from ras_keras.convert.pytorch_checkpoint import read_checkpoint
from ras_keras.convert.pytorch_names import Entries
from ras_keras.layers import RecurrentAttention
from ras_keras.outputs.class_names import read_class_names

torch = pytest.importorskip("torch")

from tests.deploy.authors_networks import Network, WideNetwork, randomized  # noqa: E402
from tests.tiers import tiered  # noqa: E402

MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)


def call(*arguments):
    return run("import_weights", [*map(str, arguments)], "python scripts/import_weights.py")


def probabilities(network, images, mean=MEAN, std=STD):
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(each).reshape(1, 3, 1, 1) for each in (mean, std))
    with torch.no_grad():
        return torch.softmax(network((x - mean) / std), 1).numpy()


def images(size=32):
    return np.random.default_rng(0).integers(0, 256, (8, size, size, 3), np.uint8)


def saved(tmp_path, network, wrapped=True, parallel=False):
    """As the authors' trainer saves it: beside other things, or the weights alone."""
    state = network.state_dict()
    if parallel:
        state = {f"module.{name}": tensor for name, tensor in state.items()}
    file = tmp_path / "model_best.pth.tar"
    optimizer = torch.optim.SGD(network.parameters(), 0.1, 0.9).state_dict()
    others = {"epoch": 164, "best_acc": 94.8, "acc": torch.tensor(94.8), "optimizer": optimizer}
    torch.save({"state_dict": state, **others} if wrapped else state, file)
    return file


CASES = {
    "plain": (dict(blocks=1), ["--attention", "none", "--depth", 11]),
    "ras, k=2": (dict(attention="ras"), []),
    "ras, k=1": (dict(blocks=1, attention="ras", k=1), ["--k", 1]),
    "ras, k=3": (
        dict(blocks=1, attention="ras", k=3),
        ["--attention", "ras:normalize_input=False"],
    ),
    "se": (dict(blocks=1, attention="se"), ["--attention", "se"]),
    "dia": (dict(attention="dia"), ["--attention", "dia"]),
    "dia, 2 cells": (dict(attention="dia", cells=2, ratio=8, blocks=1), ["--attention", "dia"]),
    "preresnet": (
        dict(blocks=1, preactivated=True, classes=7),
        ["--model", "preresnet", "--attention", "none"],
    ),
    "preresnet, dia": (
        dict(preactivated=True, attention="dia"),
        ["--model", "preresnet", "--attention", "dia"],
    ),
}


# One of each kind of part.
QUICK = ("ras, k=1", "se", "dia, 2 cells")


@pytest.mark.parametrize("case", tiered(CASES, lambda case: case not in QUICK))
def test_outputs_agree(tmp_path, case):
    settings, flags = CASES[case]
    network = randomized(Network(**settings))
    checkpoint = saved(tmp_path, network)
    assert call(checkpoint, *flags) == 0
    model = ras_keras.load_model(tmp_path / "model_best.keras")
    expected = probabilities(network, images())
    assert expected.std(axis=0).max() > 1e-3, "the network must answer to its images"
    np.testing.assert_allclose(model.predict(images(), verbose=0), expected, atol=1e-4)


def test_wide_network(tmp_path):
    network = randomized(WideNetwork(widen_factor=2))
    assert call(saved(tmp_path, network), "--model", "wrn", "--attention", "none") == 0
    model = ras_keras.load_model(tmp_path / "model_best.keras")
    expected = probabilities(network, images())
    np.testing.assert_allclose(model.predict(images(), verbose=0), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("wrapped", "parallel"),
    tiered([(True, True), (False, True), (False, False)], lambda both: both != (True, True)),
)
def test_wrappings_pixels_and_image_size(tmp_path, wrapped, parallel):
    network = randomized(Network(blocks=1, attention="ras"))
    mean, std = (0.5, 0.4, 0.3), (0.25, 0.3, 0.2)
    flags = ["--mean", *mean, "--std", *std, "--image-size", 24, "--output", tmp_path / "x.keras"]
    assert call(saved(tmp_path, network, wrapped, parallel), *flags) == 0
    model = ras_keras.load_model(tmp_path / "x.keras")
    expected = probabilities(network, images(24), mean, std)
    np.testing.assert_allclose(model.predict(images(24), verbose=0), expected, atol=1e-4)


WRAPPED = {
    "compiled": lambda state: prefixed(state, "_orig_mod."),
    "compiled, then parallel": lambda state: {"net": prefixed(state, "module._orig_mod.")},
    "parallel, then compiled": lambda state: {"model": prefixed(state, "_orig_mod.module.")},
    "averaged": lambda state: {
        "model_state_dict": {"n_averaged": torch.tensor(3), **prefixed(state, "module.")},
        "epoch": 3,
    },
    "parameters": lambda state: {
        name: torch.nn.Parameter(value) if value.is_floating_point() else value
        for name, value in state.items()
    },
    "deeper": lambda state: {
        "ema": {"state_dict": prefixed(state, "module.module."), "decay": 0.9}
    },
}


def prefixed(state, prefix):
    return {f"{prefix}{name}": value for name, value in state.items()}


@pytest.mark.parametrize("name", WRAPPED)
def test_wrappers_of_the_weights(tmp_path, name):
    state = randomized(Network(blocks=1, attention="ras")).state_dict()
    torch.save(WRAPPED[name](state), tmp_path / "x.pth")
    arrays = Entries(read_checkpoint(tmp_path / "x.pth"))
    expected = {key for key in state if not key.endswith("num_batches_tracked")}
    assert set(arrays) == expected
    for key in expected:
        np.testing.assert_array_equal(arrays[key], state[key].detach().numpy())


def test_several_networks_in_a_checkpoint(refused, tmp_path):
    state = Network(blocks=1).state_dict()
    torch.save({"model": state, "ema": state}, tmp_path / "two.pth")
    refused(tmp_path / "two.pth", says=["the weights of several networks, model and ema"])


def test_it_says_what_it_read_off(tmp_path, capsys):
    checkpoint = saved(tmp_path, randomized(Network(blocks=1, attention="ras", k=3)))
    assert call(checkpoint) == 0
    said = capsys.readouterr().out
    assert "depth=11, k=3, normalize_input=False" in said
    model = ras_keras.load_model(tmp_path / "model_best.keras")
    (k,) = {layer.k for layer in model.layers if isinstance(layer, RecurrentAttention)}
    assert k == 3


def test_class_names(tmp_path):
    checkpoint = saved(tmp_path, randomized(Network(blocks=1, attention="ras")))
    names = [f"class {number}" for number in range(10)]
    (tmp_path / "names.txt").write_text("\n".join(names))
    assert call(checkpoint, "--classes", tmp_path / "names.txt") == 0
    assert read_class_names(tmp_path / "model_best.keras") == tuple(names)


@pytest.fixture
def refused(capsys, tmp_path):
    def check(*arguments, says):
        assert call(*arguments) == 2
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert error.count("\n") == 1
        for part in says:
            assert part in error
        assert not list(tmp_path.glob("*.keras"))

    return check


class Hostile:
    def __reduce__(self):
        return os.mkdir, (self.folder,)


@pytest.mark.parametrize("legacy", [True, False])
def test_pickled_code_does_not_run(refused, tmp_path, legacy):
    Hostile.folder = str(tmp_path / "made_by_the_pickle")
    file = tmp_path / "hostile.pth.tar"
    state = {"state_dict": {"conv1.weight": torch.zeros(1)}, "best": Hostile()}
    torch.save(state, file, _use_new_zipfile_serialization=not legacy)
    refused(file, says=["hostile.pth.tar is refused", "mkdir", "could run code"])
    assert not (tmp_path / "made_by_the_pickle").exists()


def test_files_that_are_no_checkpoints(refused, tmp_path):
    whole = saved(tmp_path, randomized(Network(blocks=1))).read_bytes()
    for name, content in {"empty": b"", "text": b"hello", "cut": whole[: len(whole) // 2]}.items():
        (tmp_path / f"{name}.pth").write_bytes(content)
        refused(tmp_path / f"{name}.pth", says=[f"{name}.pth is"])
    torch.save([1, 2], tmp_path / "list.pth")
    refused(tmp_path / "list.pth", says=["holds no dict of tensors"])
    torch.save({"state_dict": {"epoch": 3}}, tmp_path / "number.pth")
    refused(tmp_path / "number.pth", says=["holds no dict of tensors"])
    refused(tmp_path / "none.pth", says=["no such file"])
    refused(tmp_path, says=["is a folder"])


def test_too_few_class_names(refused, tmp_path):
    checkpoint = saved(tmp_path, randomized(Network(blocks=1, attention="ras")))
    (tmp_path / "names.txt").write_text("cat\ndog")
    refused(
        checkpoint,
        "--classes",
        tmp_path / "names.txt",
        says=["10 classes and 2 are named"],
    )


def test_entries_that_no_network_has(refused, tmp_path):
    network = randomized(Network(blocks=1, attention="ras"))
    for name, value, says in (
        ("fc.bias", torch.full((10,), float("nan")), "fc.bias holds numbers that are not finite"),
        ("bn1.running_var", torch.full((16,), -1.0), "bn1.running_var holds variances below 0"),
        ("fc.bias", torch.zeros(10, dtype=torch.complex64), "fc.bias is complex"),
        ("module.fc.bias", torch.zeros(10), "module.fc.bias and fc.bias, which are one"),
        ("fc.weight", torch.zeros(0, 256), "no entry fc.weight of two dimensions"),
        ("x\ny", torch.zeros(1), r"an entry of the name 'x\ny'"),
        *((f"layer1.{i}.x", torch.zeros(1), "blocks in its first stage") for i in (300,)),
    ):
        state = {**network.state_dict(), name: value}
        if says.startswith("blocks"):
            state |= {f"layer1.{number}.x": torch.zeros(1) for number in range(300)}
        torch.save(state, tmp_path / "odd.pth")
        refused(tmp_path / "odd.pth", says=[says])
    refused(tmp_path / "odd.pth", "--depth", 900002, says=["--depth must be at most 1202"])


def test_entries_are_named(refused, tmp_path):
    state = Network(blocks=1, attention="ras").state_dict()
    del state["layer2.0.b"]
    state["layer1.0.conv2.weight"] = torch.zeros(16, 16, 1, 1)
    state["layer1.0.extra"] = torch.zeros(3)
    torch.save(state, tmp_path / "bad.pth")
    refused(
        tmp_path / "bad.pth",
        says=[
            "missing: layer2.0.b; left over: layer1.0.extra; misshapen: layer1.0.conv2.weight "
            "(16, 16, 1, 1) instead of (16, 16, 3, 3)"
        ],
    )
