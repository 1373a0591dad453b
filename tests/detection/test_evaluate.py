"""One split measured by a detector, whose classes go by their names."""

import shutil

import numpy as np
import pytest

from ras_keras.commands import run
from ras_keras.detection.data import load_detection, load_split
from ras_keras.errors import UserError
from ras_keras.outputs.class_names import save_model
from tests.detection.made_boxes import CONTENT, MAKERS, NAMES, make_coco, make_yolo, write
from tests.detection.test_export import network

# A model that was trained on others beside, in another order.
KNOWN = ("emu", "fox", "dog", "cat")


@pytest.mark.parametrize("kind", MAKERS)
def test_labels_go_by_names(tmp_path, kind):
    folder = MAKERS[kind](tmp_path)
    images = load_split(f"{kind}:{folder}", "train", KNOWN)
    assert images.class_names == KNOWN
    assert dict(zip(KNOWN, images.box_counts, strict=True)) == {
        "cat": 1,
        "dog": 1,
        "emu": 1,
        "fox": 0,
    }
    own = load_detection(f"{kind}:{folder}").train
    for labels, expected in zip(images.labels, own.labels, strict=True):
        assert [KNOWN[each] for each in labels] == [NAMES[each] for each in expected]


@pytest.mark.parametrize("kind", MAKERS)
def test_only_a_class_that_has_boxes_must_be_known(tmp_path, kind):
    name = f"{kind}:{MAKERS[kind](tmp_path)}"
    np.testing.assert_array_equal(load_split(name, "validation", ("cat",)).box_counts, [1])
    with pytest.raises(
        UserError, match=r"train has the class 'dog', which the model does not know"
    ):
        load_split(name, "train", ("cat", "emu"))


@pytest.mark.parametrize("kind", MAKERS)
def test_test_is_validation_where_it_has_no_others(tmp_path, kind):
    name = f"{kind}:{MAKERS[kind](tmp_path)}"
    assert load_split(name, "test", NAMES).paths[0].stem == "d"
    MAKERS[kind](tmp_path, {"test": [("e", (40, 60), [("emu", 1, 2, 33, 17)])]})
    assert load_split(name, "test", NAMES).paths[0].stem == "e"
    assert load_split(name, "validation", NAMES).paths[0].stem == "d"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A detector that was not trained, of other classes and in another order than `NAMES`."""
    file = tmp_path_factory.mktemp("detector") / "model.keras"
    save_model(file, network(), ("fox", "emu", "cat"))
    return file


def evaluate(saved, dataset, *arguments):
    return run("detect", ["evaluate", str(saved), "--dataset", dataset, *arguments], "detect")


@pytest.mark.slow
def test_validation_alone_is_enough(saved, tmp_path, capsys):
    pytest.importorskip("pycocotools")
    folder = make_coco(tmp_path, {"val": CONTENT["val"]})
    assert evaluate(saved, f"coco:{folder}") == 0
    output = capsys.readouterr().out
    assert f"data     coco:{folder}, 1 image, 1 object\n" in output
    assert [line.split()[:2] for line in output.splitlines()[-3:]] == [
        ["fox", "0"],
        ["emu", "0"],
        ["cat", "1"],
    ]
    assert evaluate(saved, f"coco:{folder}", "--split", "train") == 2
    assert "instances_train*.json is missing" in capsys.readouterr().err


def test_what_a_command_refuses(saved, tmp_path, capsys):
    pytest.importorskip("pycocotools")
    folder = make_yolo(tmp_path)
    write(folder / "data.yaml", "names: [cow, dog, emu]")
    assert evaluate(saved, f"yolo:{folder}", "--split", "validation") == 2
    error = capsys.readouterr().err
    assert "val has the class 'cow', which the model does not know" in error
    shutil.rmtree(folder / "images/val")
    assert evaluate(saved, f"yolo:{folder}") == 2
    error += capsys.readouterr().err
    assert "it has no test images; choose another --split." in error
    assert error.count("\n") == 2
