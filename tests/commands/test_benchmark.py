"""`benchmark` as a user calls it: small networks, a round or two."""

import json
import sys

import keras
import numpy as np
import pandas as pd
import pytest

from ras_keras.benchmark.file import read_benchmark
from ras_keras.benchmark.markdown import benchmark_markdown
from ras_keras.benchmark.networks.key import network_key
from ras_keras.benchmark.pytorch import twin as pytorch_twin
from ras_keras.benchmark.pytorch import versus as versus_pytorch
from ras_keras.commands import run
from ras_keras.papers.tables import TABLES, Row, Table
from ras_keras.training import Recipe
from tests.commands.test_commands import SMALL, call

QUICK = ["--repeats", "2", "--steps", "1", "--batch-size", "4"]


def measure(capsys, file, *arguments):
    """The rows of the file that a benchmark wrote, which say the same as what it printed."""
    assert call("benchmark", *arguments, "--output", file) == 0
    table = read_benchmark(file)
    assert capsys.readouterr().out == f"{benchmark_markdown(table)}\n\nfigures  {file}\n"
    return table.to_dict("records")


@pytest.mark.slow
def test_model(tmp_path, capsys):
    plug = "ras:k=3,normalize_input=False"
    flags = ["--depths", "11", "20", "--attentions", "none", plug, "ras", "--classes", "4"]
    rows = measure(capsys, tmp_path / "model.csv", "model", *flags)
    assert [(row["depth"], row["attention"]) for row in rows] == [
        (depth, attention)
        for depth in (11, 20)
        for attention in ("none", "ras:k=3,normalize_input=False", "ras:k=2")
    ]
    plain, released, written = rows[:3]
    # 448 channels; gamma, beta, and a scale and a shift for each of two batch normalizations.
    assert released["trainable_parameters"] - plain["trainable_parameters"] == 6 * 448
    assert released["all_parameters"] == written["all_parameters"]
    # The output of each gate, of the branch's size: 64 at 32x32, 128 at 16x16, 256 at 8x8.
    maps = 4 * (64 * 32**2 + 128 * 16**2 + 256 * 8**2)
    assert released["activation_bytes"] - plain["activation_bytes"] == maps
    assert 0 < released["flops"] - plain["flops"] < 0.02 * plain["flops"]
    assert plain["file_bytes"] > 4 * plain["all_parameters"]
    recipe = Recipe().replace(depth=11, attention="ras:k=3,normalize_input=False")
    assert released["network"] == network_key(recipe.network.arguments())


@pytest.mark.slow
def test_half_precision_halves_the_activations(tmp_path, capsys):
    flags = ["model", "--depths", "11", "--attentions", "none"]
    (full,) = measure(capsys, tmp_path / "a.csv", *flags)
    (half,) = measure(capsys, tmp_path / "b.csv", *flags, "--precision", "mixed_bfloat16")
    assert 0.5 < half["activation_bytes"] / full["activation_bytes"] < 0.52


@pytest.mark.parametrize("what", ["inference", pytest.param("training", marks=pytest.mark.slow)])
def test_speed(tmp_path, capsys, what):
    flags = [*QUICK, "--models", "preresnet", "--depths", "11", "--attentions", "se", "ras"]
    rows = measure(capsys, tmp_path / "speed.csv", what, *flags, "--jit", "off")
    assert [row["attention"] for row in rows] == ["none", "se:k=1", "ras:k=2"]
    assert {row["what"] for row in rows} == {what}
    plain, *others = rows
    assert plain["ratio_to_plain_low"] == plain["ratio_to_plain_high"] == 1
    for row in others:
        assert row["images_per_second_median"] > 0
        assert 0 < row["ratio_to_plain_low"] < 10
        # The first batch is compiled, the others are not.
        assert row["compile_seconds"] > 4 / row["images_per_second_low"]
    assert (plain["batch_size"], plain["n"], plain["steps"], plain["jit"]) == (4, 2, 1, "off")


@pytest.mark.slow
def test_profile(tmp_path, capsys):
    flags = [*QUICK, "--models", "resnet:block=basic", "--depths", "8"]
    rows = measure(capsys, tmp_path / "profile.csv", "profile", *flags)
    found = {(row["attention"], row["part"], row["way"]): row for row in rows}
    for way in ("forward", "backward"):
        assert found["ras:k=2", "attention", way]["milliseconds_low"] > 0
        assert ("none", "attention", way) not in found
        for part in ("convolution", "normalization", "activation", "addition", "classifier"):
            assert found["none", part, way]["milliseconds_low"] > 0, (part, way)
    assert found["none", "weights", "update"]["milliseconds_low"] > 0
    for attention in ("none", "ras:k=2"):
        shares = [row["share"] for row in rows if row["attention"] == attention]
        assert sum(shares) == pytest.approx(1, abs=0.01)


@pytest.mark.slow
def test_folded_inference(tmp_path, capsys):
    flags = [*QUICK, "--depths", "11", "--attentions", "ras", "--fold"]
    rows = measure(capsys, tmp_path / "speed.csv", "inference", *flags)
    assert {row["what"] for row in rows} == {"folded inference"}
    assert [row["ratio_to_plain_low"] == 1 for row in rows] == [True, False]


@pytest.mark.slow
def test_memory(tmp_path, capsys):
    """A larger batch takes more, in a process of its own each."""
    flags = ["memory", "--depths", "11", "--steps", "1"]
    small = ["--batch-size", "4", "--attentions", "se"]
    less, with_se = measure(capsys, tmp_path / "small.csv", *flags, *small)
    large = ["--batch-size", "256", "--attentions", "none"]
    (more,) = measure(capsys, tmp_path / "large.csv", *flags, *large)
    assert [less["attention"], with_se["attention"]] == ["none", "se:k=1"]
    assert less["training_ratio_to_plain"] == less["inference_ratio_to_plain"] == 1
    ratio = with_se["training_peak_bytes"] / less["training_peak_bytes"]
    assert with_se["training_ratio_to_plain"] == pytest.approx(ratio, rel=0.01)
    # The outputs of a training step, and much else.
    assert more["training_peak_bytes"] - less["training_peak_bytes"] > 2**28
    assert more["inference_peak_bytes"] < more["training_peak_bytes"]


@pytest.mark.slow
def test_a_plain_network_for_every_body(capsys, tmp_path):
    flags = [*QUICK, "--models", "resnet", "resnet:skip=False", "--attentions", "eca"]
    rows = measure(capsys, tmp_path / "x.csv", "inference", *flags, "--depths", "11", "--jit", "on")
    assert [json.loads(row["network"])["skip"] for row in rows] == [True, True, False, False]
    assert [row["ratio_to_plain_low"] == 1 for row in rows] == [True, False, True, False]
    assert {row["jit"] for row in rows} == {"on"}
    assert "resnet11:skip=False" in benchmark_markdown(pd.DataFrame(rows))


@pytest.mark.slow
def test_the_networks_of_a_table(tmp_path, capsys, monkeypatch):
    """Beside the plain form of the first of their group; a network stands once."""

    def made(dataset):
        for group, attention in (("a", "se"), ("a", "eca"), ("b", "se")):
            recipe = Recipe().replace(model="resnet:block=basic", depth=8, attention=attention)
            yield Row(group, attention, recipe)
        yield Row("b", "pre", Recipe().replace(model="preresnet", depth=11, attention="none"))

    monkeypatch.setitem(TABLES, "small", Table("small", "ours", made=made))
    flags = ["inference", *QUICK, "--table", "small"]
    rows = measure(capsys, tmp_path / "speed.csv", *flags)
    assert [row["attention"] for row in rows] == ["none", "se:k=1", "eca:k=1", "none"]
    assert [row["ratio_to_plain_low"] == 1 for row in rows] == [True, False, False, False]


@pytest.mark.slow
def test_formats(tmp_path, capsys):
    flags = [*QUICK, "--depths", "11", "--attentions", "ras", "--calls", "5"]
    names = ["keras", "onnx", "litert-int8"]
    rows = measure(capsys, tmp_path / "formats.csv", "formats", *flags, "--formats", *names)
    expected = [(name, folded) for folded in ("no", "yes") for name in names]
    assert [(row["format"], row["folded"]) for row in rows] == expected
    model, onnx, int8, folded, *_ = rows
    assert model["difference"] == 0 < onnx["difference"] < 1e-5
    assert 0 < folded["difference"] < 1e-5
    assert int8["file_bytes"] < 0.5 * onnx["file_bytes"]
    for row in rows:
        # Three calls in each of two rounds.
        assert row["calls"] == 6
        assert 0 < row["latency_median"] <= row["latency_p99"]
        assert row["images_per_second_median"] > 0
    assert onnx["runtime"].startswith("onnxruntime ")


@pytest.mark.slow
def test_data(few_digits, tmp_path, capsys):
    flags = [*SMALL, "--attention", "none", "--repeats", "2", "--steps", "2"]
    alone, training, waiting = measure(capsys, tmp_path / "data.csv", "data", *flags)
    assert alone["what"] == "pipeline alone"
    assert alone["value_median"] > training["value_median"] > 0
    assert 0 <= waiting["value_low"] < 100
    assert training["depth"] == 11


@pytest.mark.slow
def test_versus_pytorch(tmp_path, capsys, monkeypatch):
    """Without a compiler: eager PyTorch beside ours, and the rest said not to be measured."""
    pytest.importorskip("torch")
    monkeypatch.setattr(versus_pytorch, "compile_problem", lambda: "no compiler, for a test")
    inference_only = ["ours-folded", "ours-openvino", "pytorch-frozen"]
    settings = ["pytorch", "pytorch-channels-last", "pytorch-compile"]
    flags = [*QUICK, "--depth", "11", "--ours", "ours-folded"]
    flags += ["--settings", *settings, *inference_only]
    rows = measure(capsys, tmp_path / "versus.csv", "versus-pytorch", *flags)
    assert [(row["what"], row["setting"]) for row in rows] == [
        *(("inference", name) for name in ("ours", "ours-folded", *settings, *inference_only[1:])),
        *(("training", name) for name in ("ours", *settings)),
    ]
    for row in rows:
        if "compile" in row["setting"] or "frozen" in row["setting"]:
            assert row["not_measured"] == "no compiler, for a test"
            assert pd.isna(row["images_per_second_median"])
        else:
            assert row["difference"] < 1e-4
            assert row["ours_over_this_low"] > 0
        itself = row["setting"] == row["ours"]
        assert row["ours"] == {"inference": "ours-folded", "training": "ours"}[row["what"]]
        if itself:
            assert row["ours_over_this_low"] == row["ours_over_this_high"] == 1


# PyTorch's compiler uses what PyTorch deprecates.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_versus_compiled_pytorch(tmp_path, capsys):
    pytest.importorskip("torch")
    problem = versus_pytorch.compile_problem()
    if problem:
        pytest.skip(problem)
    flags = [*QUICK, "--depth", "11", "--attention", "none", "--settings", "pytorch-compile"]
    rows = measure(capsys, tmp_path / "versus.csv", "versus-pytorch", *flags, "--what", "inference")
    assert [row["setting"] for row in rows] == ["ours", "pytorch-compile"]
    assert rows[1]["difference"] < 1e-4
    assert rows[1]["compile_seconds"] > 4 / rows[1]["images_per_second_low"]


def test_another_network_is_not_timed(capsys, monkeypatch):
    pytest.importorskip("torch")
    others = {"fc.bias": np.full(10, 0.5, "float32")}
    right = pytorch_twin.entries_of
    monkeypatch.setattr(pytorch_twin, "entries_of", lambda *network: right(*network) | others)
    assert call("benchmark", "versus-pytorch", *QUICK, "--depth", "11") == 2
    error = capsys.readouterr().err
    assert "not the same network, and nothing was timed" in error


def test_peers_that_are_not_installed(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert call("benchmark", "versus-pytorch", *QUICK) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: versus-pytorch needs PyTorch")
    assert "pip install 'ras_keras[peers]'" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("what", ["model", "versus-pytorch"])
def test_what_needs_tensorflow(capsys, monkeypatch, what):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    assert call("benchmark", what) == 2
    assert "KERAS_BACKEND jax cannot " in capsys.readouterr().err


def test_a_disk_that_fails_loses_no_figures(tmp_path, capsys, monkeypatch):
    """They are printed before the file is written; the file that was there stays."""
    file = tmp_path / "model.csv"
    file.write_text("mine")
    monkeypatch.setattr("os.fsync", lambda number: (_ for _ in ()).throw(OSError(28, "full")))
    flags = ["--depths", "11", "--attentions", "none", "--output", file]
    assert call("benchmark", "model", *flags) == 2
    output = capsys.readouterr()
    assert "| resnet11  | none        | 127,642 " in output.out
    assert "model.csv cannot be written (full); mend that, then" in output.err
    assert file.read_text() == "mine"


def test_images_follow_the_seed():
    from ras_keras.benchmark.networks.speed import synthetic_batch

    first, labels = synthetic_batch(Recipe().replace(batch_size=8, seed=1), 4)
    again, _ = synthetic_batch(Recipe().replace(batch_size=8, seed=1), 4)
    np.testing.assert_array_equal(first, again)
    assert (first != synthetic_batch(Recipe().replace(batch_size=8, seed=2), 4)[0]).any()
    assert (first.shape, first.dtype) == ((8, 32, 32, 3), "uint8")
    assert 0 <= labels.min() <= labels.max() < 4


def test_more_classes_than_memory_holds(capsys):
    assert call("benchmark", "model", "--classes", "2000000000") == 2
    error = "error: --classes must be at most 1,000,000. Received: 2000000000\n"
    assert capsys.readouterr().err == error


@pytest.mark.slow
def test_aggregations_beside_attentions(tmp_path):
    """Plain stands first; a network without a depth has an empty cell, and both are read again."""
    file = tmp_path / "speed.csv"
    flags = ["--depths", "11", "--attentions", "none", "--aggregations", "none", "rla:channels=4"]
    short = ["--batch-size", "4", "--repeats", "1", "--steps", "1", "--output", str(file)]
    assert run("benchmark", ["inference", *flags, *short], "benchmark") == 0
    rows = read_benchmark(file)
    assert [*rows["attention"]] == ["none", "none + rla:channels=4"]
    assert rows["ratio_to_plain_median"][0] == 1
    model = ["model", "--models", "mobilenet_v2", "--attentions", "none", "--output", str(file)]
    assert run("benchmark", model, "benchmark") == 0
    assert read_benchmark(file)["depth"].isna().all()


@pytest.mark.slow
def test_streams_and_the_start(capsys, tmp_path):
    few = ("--image-size", "16", "--batch-size", "8")
    rows = measure(
        capsys,
        tmp_path / "s.csv",
        "stream",
        *few,
        "--images",
        "40",
        "--repeats",
        "1",
        "--steps",
        "1",
    )
    assert [row["what"] for row in rows] == [
        "bare loop of tf.data",
        "streamed",
        "encoded in memory",
    ]
    assert all(float(row["images_per_second_median"]) > 0 for row in rows)
    (row,) = measure(capsys, tmp_path / "start.csv", "start", *few, "--files", "40")
    assert float(row["start_seconds"]) > 0
    assert int(row["peak_bytes"]) > 2**27
    assert call("benchmark", "stream", "--images", "20", "--batch-size", "19") == 2
    assert "nine tenths" in capsys.readouterr().err


@pytest.mark.slow
def test_a_server_and_its_clients(tmp_path, capsys):
    pytest.importorskip("uvicorn")
    flags = ["--depths", "11", "--clients", "3", "--requests", "20", "--runtimes", "keras"]
    (row,) = measure(capsys, tmp_path / "serve.csv", "serve", *flags)
    assert (row["runtime"], row["clients"], row["requests"]) == ("keras", 3, 20)
    assert 0 < row["latency_median"] <= row["latency_p99"]
    assert row["images_per_second"] > 0
