"""Detection data sets in each form, as they should be."""

import json
from pathlib import Path

import numpy as np
import pytest

from ras_keras.backend import imports
from ras_keras.detection.data import load_detection
from ras_keras.detection.data.readers.splits import SPLITS
from ras_keras.detection.data.readers.yolo_declaration import read_declaration
from ras_keras.detection.data.registry import FORMATS
from ras_keras.errors import UserError
from tests.conftest import ROOT
from tests.detection.made_boxes import CONTENT, MAKERS, NAMES, make_yolo, write

BCCD = ROOT.parent / "shared/data/bccd"


def load(kind, folder, content=CONTENT):
    return load_detection(f"{kind}:{MAKERS[kind](folder, content)}")


def by_name(images):
    """Of each image its size, and its boxes with their labels."""
    return {
        path.stem: (
            tuple(size),
            [(int(label), *box) for label, box in zip(labels, boxes, strict=True)],
        )
        for path, size, labels, boxes in zip(
            images.paths, images.sizes, images.labels, images.boxes, strict=True
        )
    }


@pytest.mark.parametrize("kind", MAKERS)
def test_each_form_has_the_same_images_boxes_and_classes(tmp_path, kind):
    data = load(kind, tmp_path)
    assert data.class_names == data.train.class_names == NAMES
    assert data.test is None
    assert data.notices == ()
    for images, expected in ((data.train, CONTENT["train"]), (data.validation, CONTENT["val"])):
        found = by_name(images)
        assert len(images) == len(expected)
        for name, size, boxes in expected:
            assert found[name][0] == size
            wanted = [(NAMES.index(label), *box) for label, *box in boxes]
            np.testing.assert_allclose(found[name][1], wanted, atol=1e-4)
        for boxes, labels, crowd, areas in zip(
            images.boxes, images.labels, images.crowd, images.areas, strict=True
        ):
            assert (boxes.dtype, labels.dtype) == (np.float32, np.int32)
            assert (boxes.shape, labels.shape) == ((len(crowd), 4), (len(crowd),))
            np.testing.assert_allclose(areas, (boxes[:, 2:] - boxes[:, :2]).prod(axis=1))
            assert not crowd.any()
    np.testing.assert_array_equal(data.train.box_counts, [1, 1, 1])
    np.testing.assert_array_equal(data.validation.image_counts, [1, 0, 0])
    assert data.train.most_boxes == 2


@pytest.mark.parametrize("kind", MAKERS)
def test_boxes_are_treated_as_coco_does(tmp_path, kind):
    boxes = [
        ("cat", 10, 10, 20, 20),
        ("dog", 5, 5, 5, 9),
        ("emu", 50, 30, 66, 40),
        ("cat", 12, 10, 20, 20),
        ("dog", 20, 20, 30, 30),
    ]
    if kind == "yolo":
        boxes[1] = ("dog", 4, 5, 4, 9)
    content = {"train": [("a", (40, 60), boxes)]}
    data = load(kind, tmp_path, content)
    assert data.notices == ("train: 1 box without width or height skipped, 1 clipped to its image",)
    (found,) = data.train.boxes
    np.testing.assert_allclose(found[1], [50, 30, 60, 40], atol=1e-4)
    np.testing.assert_array_equal(data.train.labels[0], [0, 2, 0, 1])


def test_crowds_outside_boxes_and_areas_of_coco(tmp_path):
    content = {"train": [("a", (40, 60), [("cat", 1, 2, 9, 9 + i) for i in range(5)])]}
    folder = MAKERS["coco"](tmp_path, content)
    file = folder / "annotations/instances_train2017.json"
    entries = json.loads(file.read_text())
    entries["annotations"][0] |= {"iscrowd": 1, "area": 12.5}
    entries["annotations"][1]["bbox"] = [70, 10, 5, 5]
    file.write_text(json.dumps(entries))
    (folder / "train2017").rename(folder / "train_images")
    data = load_detection(f"coco:{folder}")
    boxes, untrained = data.notices
    assert boxes == (
        "train: 1 box outside of its image skipped, "
        "1 marked as crowd or difficult and not trained on"
    )
    assert untrained == "train: no boxes of 'dog', 'emu' to train on"
    np.testing.assert_array_equal(data.train.crowd[0], [True, False, False, False])
    np.testing.assert_array_equal(data.train.areas[0], [12.5, 8 * 9, 8 * 10, 8 * 11])
    np.testing.assert_array_equal(data.train.box_counts, [3, 0, 0])
    assert data.train.most_boxes == 3
    assert data.train.ids == (100,)


def test_difficult_objects_parts_and_fractions_of_voc(tmp_path):
    folder = MAKERS["voc"](tmp_path, {"train": CONTENT["train"]})
    file = folder / "Annotations/a.xml"
    text = file.read_text().replace("<difficult>0", "<difficult> 1 ", 1)
    part = "<part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>"
    text = text.replace("</object>", f"{part}</object>").replace("<xmin>11<", "<xmin>11.5<")
    file.write_text(text.replace("<object>", "<object><!-- &amp; --><pose/>"))
    images = load_detection(f"voc:{folder}").train
    np.testing.assert_array_equal(images.crowd[0], [True, False])
    np.testing.assert_array_equal(images.boxes[0], [[0, 0, 60, 40], [10.5, 5, 20, 25]])


@pytest.mark.parametrize(
    "text",
    [
        "path: x\nnames: [cat, 'dog', \"emu\"] # c\nnc: 3",
        '"names":\n  [cat, dog,\n  emu]\nnc: 3',
        "path: /gone\ntrain: images/train\nval: ./images/val/\ntest:\nnames: [cat, dog, emu]",
        "names:\n  - cat\n  - dog # c\n\n# d\n  - emu\nnc: 3",
        "path: ..\nval: a/images/val\nnames:\n- cat\n- 'dog'\n- emu",
        "names:\n  0: cat\n  2: emu\n  1: dog",
        "names: {0: cat, 1: 'dog', 2: emu}",
        "names: ['cat',\n  'dog',\n  'emu']\n",
    ],
)
def test_class_names_in_yaml(tmp_path, text):
    write(tmp_path / "a/data.yaml", text)
    for split in ("train", "val"):
        (tmp_path / "a/images" / split).mkdir(parents=True)
    declared = read_declaration(tmp_path / "a")
    assert declared.class_names == NAMES
    assert declared.images["val"] == tmp_path / "a/images/val"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # From `path` before the file's own folder, and all of them from one place.
        ("path: ../b\ntrain: images/train\nval: images/val", ("b/images/train", "b/images/val")),
        (
            "path: ../b\ntrain: images/train\nval: images/valid",
            ("a/images/train", "a/images/valid", "a/images/test"),
        ),
        (
            "train: images/val\nval: images/train",
            ("a/images/val", "a/images/train", "a/images/test"),
        ),
        # The usual folder of test images is what holds the validation images.
        ("val: images/test", ("a/images/train", "a/images/test")),
        ("val: images/val\ntest: images/gone", ("a/images/train", "a/images/val")),
        ("<<: &more {train: images/val, val: images/test}", ("a/images/val", "a/images/test")),
    ],
)
def test_where_splits_lie(tmp_path, text, expected):
    for folder in ("a/images/train", "a/images/val", "a/images/valid", "a/images/test"):
        (tmp_path / folder).mkdir(parents=True)
    for folder in ("b/images/train", "b/images/val"):
        (tmp_path / folder).mkdir(parents=True)
    write(tmp_path / "a/data.yaml", f"{text}\nnames: [cat]")
    declared = read_declaration(tmp_path / "a").images
    images = {
        split: each.relative_to(tmp_path) for split, each in declared.items() if each.is_dir()
    }
    assert [images[split].as_posix() for split in SPLITS if split in images] == [*expected]


@pytest.mark.parametrize("above", ["", "../", "gone/"])
def test_folders_in_yaml(tmp_path, above):
    """As Roboflow lays its data sets out."""
    folder = make_yolo(tmp_path)
    expected = load_detection(f"yolo:{folder}").fingerprint()
    places = {"train": "train", "val": "valid"}
    for split, place in places.items():
        for kind in ("images", "labels"):
            (folder / place).mkdir(exist_ok=True)
            (folder / kind / split).rename(folder / place / kind)
    named = [f"{split}: {above}{place}/images" for split, place in places.items()]
    text = (folder / "data.yaml").read_text()
    write(folder / "data.yaml", "\n".join([*named, text]))
    if above == "gone/":
        with pytest.raises(UserError, match="line 1: `train` is 'gone/train/images', no folder"):
            load_detection(f"yolo:{folder}")
        return
    found = load_detection(f"yolo:{folder}")
    assert found.fingerprint() == expected


def test_a_missing_yaml_library_is_named(tmp_path, monkeypatch):
    write(tmp_path / "classes.txt", "cat")
    monkeypatch.setattr(imports, "find_spec", lambda name: None)
    assert read_declaration(tmp_path).class_names == ("cat",)
    write(tmp_path / "data.yaml", "names: [cat]")
    with pytest.raises(UserError, match=r"needs the package yaml.*: pip install .*\[detection\]"):
        read_declaration(tmp_path)


def test_quotes_in_yaml_and_a_plain_list(tmp_path):
    write(tmp_path / "classes.txt", "a b\r\n\r\n c\n")
    assert read_declaration(tmp_path).class_names == ("a b", "c")
    write(tmp_path / "data.yaml", "names: ['it''s, # 1', \"a \\\"b\\\"\", bird's nest]")
    assert read_declaration(tmp_path).class_names == ("it's, # 1", 'a "b"', "bird's nest")


def test_the_guide_has_the_layouts():
    guide = (ROOT / "docs/guides/detection.md").read_text(encoding="utf-8").replace("`", "")
    for kind, (_, layout, _) in FORMATS.items():
        assert f"| {kind}:PATH | {layout} |" in guide


def test_images_in_two_splits_and_what_lies_beside_annotations(tmp_path):
    folder = make_yolo(tmp_path / "yolo")
    write(folder / "labels/train/classes.txt", "cat\n")
    write(folder / "labels/train/._a.txt", "")
    assert load_detection(f"yolo:{folder}").notices == ()
    shared = {"train": CONTENT["train"], "val": CONTENT["train"][:1]}
    assert load("voc", tmp_path / "voc", shared).notices == ("train and val share 1 image",)


def test_a_fingerprint_is_of_the_content_wherever_it_lies(tmp_path):
    data, other = load("voc", tmp_path / "a"), load("voc", tmp_path / "b")
    assert data.fingerprint() == other.fingerprint()
    assert data.fingerprint().test_images == (1, 0, 0)
    file = tmp_path / "b/Annotations/a.xml"
    write(file, file.read_text().replace("<xmin>11<", "<xmin>12<"))
    changed = load_detection(f"voc:{tmp_path / 'b'}").fingerprint()
    assert "contents of the images differ" in changed.difference(data.fingerprint())
    subset = data.train.subset(np.array([1, 0]))
    assert [path.stem for path in subset.paths] == ["b", "a"]
    assert by_name(subset)["a"] == by_name(data.train)["a"]
    assert subset.digest() != data.train.subset([0, 1]).digest()


@pytest.mark.skipif(not BCCD.is_dir(), reason="BCCD is not there")
def test_bccd():
    data = load_detection(f"voc:{BCCD}")
    splits = (data.train, data.validation, data.test)
    assert [*map(len, splits)] == [205, 87, 72]
    assert data.class_names == ("Platelets", "RBC", "WBC")
    # Both boxes without extent are red blood cells.
    counts = np.array([0, 2, 0]) + sum(images.box_counts for images in splits)
    np.testing.assert_array_equal(counts, [361, 4155, 372])
    assert data.notices == tuple(
        f"{name}: 1 box without width or height skipped" for name in ("train", "val")
    )
    boxes = np.concatenate([each for images in splits for each in images.boxes])
    np.testing.assert_array_equal(boxes.min(axis=0)[:2], [0, 0])
    np.testing.assert_array_equal(boxes.max(axis=0)[2:], [640, 480])
    assert isinstance(data.train.paths[0], Path)
