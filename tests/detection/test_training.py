"""A detector is trained, stopped, gone on with; measured and used by its commands."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from ras_keras.commands import run
from ras_keras.commands.detection import train
from ras_keras.detection.data.shapes import write_shapes
from ras_keras.detection.recipes.check import read_detection_recipe, resolve
from ras_keras.detection.recipes.named import NAMED, PublishedScores
from ras_keras.detection.training.compiled_detector import compiled_detector
from ras_keras.detection.training.record import is_detector, keep_record
from ras_keras.detection.training.result import read_result
from ras_keras.errors import Argument, UserError
from ras_keras.models import ImageNetResNet
from ras_keras.recipes.recipe import Recipe
from ras_keras.runs.run_folder import RunFolder
from tests.conftest import ROOT

pytest.importorskip("pycocotools")

SMALL = [
    *("--height", "64", "--width", "64", "--channels", "8", "--batch-size", "4", "--depth", "18"),
    *("--attention", "none", "--warmup-epochs", "0", "--decay", "step", "--schedule", "50"),
]


def detect(*arguments):
    return run("detect", [*map(str, arguments)], "detect")


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shapes")
    write_shapes(folder, {"train": 16, "val": 4, "test": 4})
    return folder


@pytest.fixture(scope="module")
def trained(shapes, tmp_path_factory):
    """A run of two epochs."""
    logs = tmp_path_factory.mktemp("logs")
    flags = ["--dataset", f"yolo:{shapes}", "--log-dir", logs, "--name", "run", "--epochs", "2"]
    assert detect("train", *SMALL, *flags) == 0
    return logs / "run"


def state(folder):
    with np.load(max((folder / "state").glob("*.npz"))) as arrays:
        return {name: arrays[name] for name in arrays.files if name != "progress"}


def test_the_record_of_the_blood_cells_can_be_read():
    result = read_result(RunFolder(ROOT / "results" / "bccd" / "plain"))
    assert read_detection_recipe(ROOT / "results/bccd/plain/recipe.json", "").recipe == "bccd"
    best = result["best"]
    for name in ("ap", "ap50"):
        mean = np.mean([each[name] for each in best["test_classes"].values()])
        assert best[f"test_{name}"] == pytest.approx(mean)
    assert f"{100 * best['test_classes']['Platelets']['ap50']:.1f}" == "50.5"


@pytest.mark.slow
def test_what_a_run_leaves(trained):
    for name in ("best.keras", "final.keras", "metrics.csv", "recipe.json", "environment.json"):
        assert (trained / name).is_file(), name
    result = json.loads((trained / "result.json").read_text())
    assert (result["training_images"], result["test_images"], result["epochs"]) == (16, 4, 2)
    of_classes = result["best"]["test_classes"]
    assert {*of_classes} == {"disc", "square", "triangle"}
    assert {*of_classes["disc"]} == {"ap", "ap50"}
    header = (trained / "metrics.csv").read_text().splitlines()[0].split(",")
    assert {"loss", "class_loss", "box_loss", "val_ap", "val_ap50"} <= {*header}


def test_a_recipe_that_is_damaged_is_named(tmp_path):
    (tmp_path / "recipe.json").write_text("{")
    with pytest.raises(UserError, match=r"recipe\.json is damaged"):
        is_detector(RunFolder(tmp_path))


@pytest.mark.slow
def test_its_record_names_no_place(trained, shapes, tmp_path):
    run = RunFolder(trained)
    assert is_detector(run)
    keep_record(run, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {
        *("recipe.json", "metrics.csv", "result.json")
    }
    for file in tmp_path.iterdir():
        assert str(shapes.parent) not in file.read_text()
    assert read_result(RunFolder(tmp_path)) == read_result(run)
    assert json.loads((tmp_path / "recipe.json").read_text())["boxes"]["dataset"] == (
        f"yolo:{shapes.name}"
    )


@pytest.mark.slow
def test_a_run_that_goes_on_ends_as_one_that_never_stopped(trained, shapes, tmp_path, capsys):
    flags = ["--dataset", f"yolo:{shapes}", "--log-dir", tmp_path, "--name", "run"]
    assert detect("train", *SMALL, *flags, "--epochs", "1") == 0
    assert detect("train", "--resume", tmp_path / "run") == 2
    assert "--epochs" in capsys.readouterr().err
    assert detect("train", "--resume", tmp_path / "run", "--epochs", "2") == 0
    expected, found = state(trained), state(tmp_path / "run")
    assert {*expected} == {*found}
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)
    assert detect("train", *SMALL, *flags, "--epochs", "3") == 2
    assert "--resume" in capsys.readouterr().err


@pytest.mark.slow
def test_where_no_images_choose_the_epoch_the_last_one_is_the_best(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    write_shapes(data, {"train": 16, "test": 4})
    flags = ["--dataset", f"yolo:{data}", "--log-dir", tmp_path, "--name", "run"]
    run = tmp_path / "run"
    assert detect("train", *SMALL, *flags, "--validation-split", "0", "--epochs", "1") == 0
    assert detect("train", "--resume", run, "--epochs", "2") == 0
    result = json.loads((run / "result.json").read_text())
    assert result["training_images"] == 16
    assert result["best"]["selected_on"] == "nothing: best is final"
    assert result["best"]["epoch"] == 2
    assert result["best"]["test_ap"] == result["final"]["test_ap"]


@pytest.mark.slow
def test_a_run_without_its_state_is_not_begun_anew(trained, shapes, tmp_path, capsys):
    run = shutil.copytree(trained, tmp_path / "run")
    shutil.rmtree(run / "state")
    files = {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}
    flags = ["--dataset", f"yolo:{shapes}", "--log-dir", tmp_path, "--name", "run"]
    assert detect("train", *SMALL, *flags, "--epochs", "2") == 2
    assert "is not overwritten" in capsys.readouterr().err
    assert detect("train", "--resume", run, "--epochs", "3") == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert {file: file.read_bytes() for file in run.rglob("*") if file.is_file()} == files


@pytest.mark.slow
def test_it_goes_on_without_the_weights_that_it_started_from(shapes, tmp_path):
    weights = tmp_path / "backbone.keras"
    ImageNetResNet(18, None, input_shape=(64, 64, 3), classes=3).save(weights)
    flags = ["--dataset", f"yolo:{shapes}", "--log-dir", tmp_path, "--name", "run"]
    assert detect("train", *SMALL, *flags, "--weights", weights, "--epochs", "1") == 0
    weights.unlink()
    assert detect("train", "--resume", tmp_path / "run", "--epochs", "2") == 0


@pytest.mark.slow
@pytest.mark.parametrize("flags", [[], ["--raw"]])
def test_exported(trained, tmp_path, capsys, flags):
    pytest.importorskip("onnxruntime")
    assert detect("export", trained, "--output", tmp_path, *flags) == 0
    (file,) = tmp_path.glob("*.onnx")
    assert f"exported {file}" in capsys.readouterr().out
    assert detect("export", trained, "--output", tmp_path, *flags) == 2
    assert "is not overwritten" in capsys.readouterr().err


@pytest.mark.slow
def test_evaluated_and_drawn(trained, tmp_path, capsys):
    pictures = tmp_path / "pictures"
    assert detect("evaluate", trained, "--pictures", pictures, "--score-threshold", "0.01") == 0
    output = capsys.readouterr().out
    assert "AP50" in output
    assert "triangle" in output
    assert (pictures / "mistakes.jpg").is_file()
    result = json.loads((trained / "result.json").read_text())
    assert f"{100 * result['best']['test_ap50']:.2f} %" in output


@pytest.mark.slow
def test_objects_are_found_in_images(trained, shapes, tmp_path, capsys):
    images = shapes / "images" / "test"
    (tmp_path / "broken.png").write_bytes(b"no image")
    flags = ["--score-threshold", "0", "--json", "--pictures", tmp_path / "drawn"]
    assert detect("predict", trained, images, tmp_path / "broken.png", *flags) == 1
    captured = capsys.readouterr()
    assert "broken.png" in captured.err
    found = json.loads(captured.out)
    assert len(found) == len([*(tmp_path / "drawn").iterdir()]) == 4
    boxes = np.array([each["box"] for image in found for each in image["objects"]]).reshape(-1, 4)
    assert ((boxes >= 0) & (boxes <= 128)).all()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["frobnicate"], "frobnicate"),
        (["train", "--recipe", "none-such"], "none-such"),
        (["train", "--dataset", "coco:/none/such"], "/none/such"),
        (["train", "--height", "8"], "--height"),
        (["train", "--model", "resnet", "--depth", "11"], "--model resnet has no maps P3, P4, P5"),
        (["train", "--model", "saved"], "saved"),
        (["train", "--anchor-scale", "40"], "--anchor-scale"),
        (["train", "--batch-size", "50"], "--batch-size"),
        (
            ["train", "--model", "xception", "--depth", "None", "--height", "50", "--width", "90"],
            "--model xception makes a map P3 of 11x6 of these images, and not 12x7; give a "
            "--height and a --width that are multiples of 32.",
        ),
        (["train", "--frozen-stages", "2"], "or --frozen-stages 0."),
        (["train", "--norm-eval"], "error: --norm-eval (recipe shapes) would keep"),
        (
            ["train", "--recipe", "retinanet-rla-resnet50"],
            "error: --frozen-stages 1 and --norm-eval (recipe retinanet-rla-resnet50) would keep "
            "what a random start has to the end; give a trained backbone by --weights, or "
            "--frozen-stages 0 --no-norm-eval.",
        ),
        (["train", "--warmup-epochs", "9"], "--warmup-epochs"),
        (["evaluate", "none-such"], "none-such"),
        (["predict", "none-such", "image.png"], "image.png"),
    ],
)
def test_what_is_refused(arguments, named, shapes, tmp_path, capsys):
    if arguments[0] == "train":
        flags = [] if "--dataset" in arguments else ["--dataset", f"yolo:{shapes}"]
        arguments = [*arguments[:1], *SMALL, *flags, "--log-dir", tmp_path / "logs", *arguments[1:]]
    assert detect(*arguments) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert named in error
    assert not [*tmp_path.glob("logs/*")]


def test_published_figures_stand_in_the_plan(shapes, tmp_path, capsys, monkeypatch):
    def stop(*arguments):
        raise UserError("that was the plan.")

    named = NAMED["shapes"]
    recipe = named.recipe.replace(dataset="yolo:shapes", attention="none", channels=8)
    published = dataclasses.replace(named, recipe=recipe, published=PublishedScores(39.0, 58.7, 4))
    monkeypatch.setitem(NAMED, "shapes", published)
    monkeypatch.setattr("ras_keras.detection.training.trainer.measure", stop)
    flags = ["--dataset", f"yolo:{shapes}", "--log-dir", tmp_path]
    for others, line in (
        ([], "published AP 39.0 %, AP50 58.7 %, AP75 4 %"),
        (["--channels", 4], ""),
    ):
        assert detect("train", *flags, *others) == 2
        captured = capsys.readouterr()
        assert "that was the plan." in captured.err
        assert line in captured.out
        assert ("\npublished" in captured.out) == bool(line)


@pytest.fixture
def begun(monkeypatch):
    """The channels of what would be trained."""
    found = []

    def begin(recipe, run, command, *, resume):
        found.append(recipe.detector.channels)
        raise UserError("that was the beginning.")

    monkeypatch.setattr("ras_keras.commands.detection.train.train_detector", begin)
    return found


def test_a_folder_of_the_same_recipe_is_taken_and_no_other(shapes, begun, tmp_path, capsys):
    folder = tmp_path / "run"
    flags = [*SMALL, "--dataset", f"yolo:{shapes}", "--log-dir", tmp_path, "--name", "run"]
    folder.mkdir()
    recipe, _ = train._read_new([*map(str, flags)], "train")
    for content in ("", json.dumps(recipe.to_dict())):
        (folder / "recipe.json").write_text(content)
        (folder / "notes.txt").touch()
        assert detect("train", *flags) == 2
        assert "that was the beginning." in capsys.readouterr().err
    assert begun == [8, 8]
    others = recipe.replace(channels=16).to_dict(), Recipe().to_dict(), {"detector": "none"}
    for other, says in zip(
        others, ("channels 16 there, 8 here", "another kind", "kind"), strict=True
    ):
        text = json.dumps(other)
        (folder / "recipe.json").write_text(text)
        assert detect("train", *flags) == 2
        error = capsys.readouterr().err
        assert says in error
        assert "choose another --name." in error
        assert error.count("\n") == 1
        assert (folder / "recipe.json").read_text() == text
    assert begun == [8, 8]


def test_a_classifier_does_not_take_the_folder_of_a_detector(tmp_path, capsys):
    folder = tmp_path / "run"
    folder.mkdir()
    text = json.dumps(NAMED["shapes"].recipe.to_dict())
    (folder / "recipe.json").write_text(text)
    flags = ["--recipe", "quick", "--depth", "11", "--log-dir", str(tmp_path), "--name", "run"]
    assert run("train", flags, "train") == 2
    assert "a run of another kind" in capsys.readouterr().err
    assert (folder / "recipe.json").read_text() == text


@pytest.mark.parametrize(
    ("flags", "depth"),
    [
        ([], 18),
        (["--model", "imagenet_resnet:use_bias=True"], 18),
        (["--model", "xception"], None),
        (["--model", "mobilenet_v2"], None),
        (["--model", "imagenet_residual_attention"], 56),
        (["--model", "imagenet_residual_attention", "--depth", "92"], 92),
    ],
)
def test_the_depth_of_a_recipe_goes_with_its_family(flags, depth, tmp_path):
    recipe, _ = train._read_new([*flags, "--log-dir", str(tmp_path)], "train")
    assert recipe.detector.depth == depth


def test_more_frozen_stages_than_the_backbone_has():
    recipe = NAMED["shapes"].recipe.replace(attention="none", frozen_stages=9)
    with pytest.raises(UserError, match="`frozen_stages` must be") as refusal:
        compiled_detector(resolve(recipe), 3)
    assert refusal.value.args[0] == Argument("frozen_stages")


@pytest.mark.slow
def test_a_folder_of_another_kind_is_refused(trained, small_run, tmp_path, capsys):
    assert detect("evaluate", small_run) == 2
    assert detect("train", "--resume", small_run) == 2
    assert run("evaluate", [str(trained)], "evaluate") == 2
    copy = shutil.copy(small_run / "best.keras", tmp_path / "model.keras")
    assert detect("predict", copy, tmp_path / "model.keras") == 2
    assert capsys.readouterr().err.count("\n") == 4
