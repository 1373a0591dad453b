"""What is wrong with a detection data set, in a line that names it."""

import json
import os

import numpy as np
import pytest

from ras_keras.detection.data import load_detection
from ras_keras.errors import UserError
from tests.detection.made_boxes import CONTENT, MAKERS, make_coco, make_voc, make_yolo, paint, write


def refused(name) -> str:
    with pytest.raises(UserError) as error:
        load_detection(name)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("coca:x", "Received: 'coca:x'. The nearest is 'coco:x'."),
        (
            "vocs",
            "must be shapes, coco:PATH, voc:PATH or yolo:PATH. Received: 'vocs'. The nearest",
        ),
        ("", "Received: ''."),
        ("voc:", "names no folder; write voc:PATH."),
        ("yolo:nowhere", "no such folder; it should hold PATH/data.yaml"),
    ],
)
def test_names(name, says):
    assert says in refused(name)


@pytest.mark.parametrize("kind", MAKERS)
def test_an_annotation_whose_image_is_missing(tmp_path, kind):
    folder = MAKERS[kind](tmp_path)
    (image,) = folder.rglob("b.png")
    image.unlink()
    message = refused(f"{kind}:{folder}")
    assert "missing" in message and f"{os.sep}b." in message


@pytest.mark.parametrize(
    ("kind", "place", "says"),
    [
        ("coco", "train2017", "instances_train2017.json; name it there"),
        ("voc", "JPEGImages", "Annotations; restore it or remove the image."),
        ("yolo", "images/train", "labels/train; write an empty one"),
    ],
)
def test_an_image_without_an_annotation(tmp_path, kind, place, says):
    """Whether a split of VOC names it or not."""
    folder = MAKERS[kind](tmp_path)
    paint(folder / place / "more.png", (9, 9))
    message = refused(f"{kind}:{folder}")
    assert "more.png: no" in message and says in message
    paint(folder / place / "less.png", (9, 9))
    assert f"less.png (and 1 more): {message.partition(': ')[2]}" in refused(f"{kind}:{folder}")


@pytest.mark.parametrize("kind", ["voc", "yolo"])
def test_an_annotation_beside_the_others_without_an_image(tmp_path, kind):
    folder = MAKERS[kind](tmp_path)
    file = folder / {"voc": "Annotations/deep/more.xml", "yolo": "labels/val/deep/more.txt"}[kind]
    write(file, "")
    assert f"more{file.suffix}: its image is missing" in refused(f"{kind}:{folder}")


@pytest.mark.parametrize("kind", ["voc", "yolo"])
def test_two_images_of_one_name(tmp_path, kind):
    folder = MAKERS[kind](tmp_path)
    (image,) = folder.rglob("b.png")
    paint(image.with_suffix(".jpg"), (9, 9))
    message = refused(f"{kind}:{folder}")
    assert f"{os.sep}b.jpg and " in message and "rename one of them" in message


@pytest.mark.parametrize("kind", MAKERS)
def test_an_empty_split(tmp_path, kind):
    content = {"train": CONTENT["train"], "val": [("d", (9, 9), [])]}
    folder = MAKERS[kind](tmp_path, content)
    assert "val is empty" in refused(f"{kind}:{folder}")


@pytest.mark.parametrize(
    ("kind", "counts", "does_not"),
    [("coco", '"bbox"', '"iscrowd": 1, "bbox"'), ("voc", "difficult>0<", "difficult>1<")],
)
def test_a_split_in_which_nothing_counts(tmp_path, kind, counts, does_not):
    folder = MAKERS[kind](tmp_path)
    for file in (*folder.rglob("*val2017.json"), *folder.rglob("d.xml")):
        write(file, file.read_text().replace(counts, does_not))
    assert "val is empty" in refused(f"{kind}:{folder}")


@pytest.mark.parametrize("kind", ["coco", "voc"])
def test_a_split_without_images(tmp_path, kind):
    folder = MAKERS[kind](tmp_path, {"train": []})
    assert "train is empty" in refused(f"{kind}:{folder}")


@pytest.mark.parametrize(("kind", "name"), [("coco", '"{}"'), ("voc", ">{}<")])
def test_a_class_that_is_not_trained_on(tmp_path, kind, name):
    folder = MAKERS[kind](tmp_path)
    for file in (*folder.rglob("*val2017.json"), *folder.rglob("d.xml")):
        write(file, file.read_text().replace(name.format("cat"), name.format("cow")))
    message = refused(f"{kind}:{folder}")
    assert "val has the class 'cow', which train lacks" in message


def cells(change):
    """An image as large as BCCD's with 200 boxes as large as its cells, each changed."""
    random = np.random.default_rng(0)
    sides = random.uniform(60, 140, (200, 2))
    corners = random.uniform(0, 1, (200, 2)) * ([640, 480] - sides)
    boxes = np.concatenate([corners, corners + sides], axis=1)
    return {"train": [("a", (480, 640), [("cat", *change(*map(float, box))) for box in boxes])]}


@pytest.mark.parametrize("kind", MAKERS)
def test_boxes_in_their_own_format(tmp_path, kind):
    folder = MAKERS[kind](tmp_path, cells(lambda *sides: sides))
    assert load_detection(f"{kind}:{folder}").train.box_counts[0] == 200


def middle(first, last):
    return (first + last) / 2


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        # Relative to the image.
        ("coco", lambda x, y, r, b: (x / 640, y / 480, r / 640, b / 480)),
        # Two corners.
        ("coco", lambda x, y, r, b: (x, y, x + r, y + b)),
        # The centre and the sides.
        ("coco", lambda x, y, r, b: (middle(x, r), middle(y, b), 1.5 * r - x / 2, 1.5 * b - y / 2)),
        # Top, left, height, width.
        ("coco", lambda x, y, r, b: (y, x, b, r)),
        # Left, top, width, height.
        ("voc", lambda x, y, r, b: (x, y, r - x, b - y)),
        # ymin, xmin, ymax, xmax.
        ("voc", lambda x, y, r, b: (y, x, b, r)),
        # Left, top, width, height.
        ("yolo", lambda x, y, r, b: (x - (r - x) / 2, y - (b - y) / 2, middle(x, r), middle(y, b))),
        # Two corners.
        ("yolo", lambda x, y, r, b: (x - r / 2, y - b / 2, x + r / 2, y + b / 2)),
    ],
)
def test_boxes_in_another_format(tmp_path, kind, change):
    folder = MAKERS[kind](tmp_path, cells(change))
    message = refused(f"{kind}:{folder}")
    assert "train has boxes in another format" in message
    assert "in pixels" in message or "relative to the image" in message


def as_json(change):
    """Changes COCO's entries of the training images."""

    def edit(folder):
        file = folder / "annotations/instances_train2017.json"
        content = json.loads(file.read_text())
        change(content)
        write(file, json.dumps(content))

    return edit


def text_of(name, change):
    def edit(folder):
        file = folder / name
        file.write_bytes(change(file.read_bytes()))

    return edit


COCO = "annotations/instances_train2017.json"
LAUGHS = b'<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>\n<a>&b;</a>'


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (text_of(COCO, lambda text: text[:-9]), "is damaged (no JSON at line 1"),
        (text_of(COCO, lambda text: b"[]"), "is damaged (is [], not an object)"),
        (as_json(lambda all: all.pop("images")), "(images is missing)"),
        (as_json(lambda all: all["images"][0].pop("height")), "(images[0].height is missing)"),
        (as_json(lambda all: all["images"][1].update(width=0)), "(images[1].width is 0, not an"),
        (as_json(lambda all: all["images"][1].update(id=100)), "(images[1].id is 100, as that of"),
        (
            as_json(lambda all: all["images"][1].update(file_name="a.png")),
            "(images[1].file_name is 'a.png', as that of another)",
        ),
        (as_json(lambda all: all["annotations"].append([])), "(annotations[3] is [], not an"),
        (
            as_json(lambda all: all["annotations"][1].update(bbox=[1, 2, 3])),
            "(annotations[1].bbox is [1, 2, 3], not a list of four numbers)",
        ),
        (
            as_json(lambda all: all["annotations"][1].update(iscrowd=2)),
            "(annotations[1].iscrowd is 2, not one of 0, 1)",
        ),
        (
            as_json(lambda all: all["annotations"][1].update(area=1e11)),
            "(annotations[1].area is 100000000000.0, not a number >= 0 and <= 4,294,836,225)",
        ),
        (
            as_json(lambda all: all["annotations"][2].update(image_id=5)),
            "(annotations[2].image_id is 5, which no image has)",
        ),
        (
            as_json(lambda all: all["annotations"][2].update(category_id=5)),
            "(annotations[2].category_id is 5, which no category has)",
        ),
        (
            as_json(lambda all: all["categories"][0].update(name="cat")),
            "class 'cat' stands twice in",
        ),
        (lambda folder: (folder / COCO).unlink(), "instances_train*.json is missing"),
        (lambda folder: write(folder / COCO.replace("2017", ""), "{}"), "keep one of them"),
    ],
)
def test_coco(tmp_path, edit, says):
    edit(make_coco(tmp_path))
    assert says in refused(f"coco:{tmp_path}")


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda folder: (folder / "Annotations/b.xml").unlink(), "b.png: no .xml of its name"),
        (
            lambda folder: (folder / "ImageSets/Main/train.txt").write_text("\nnone\n"),
            "train.txt, line 2: 'none' has no image and no annotation",
        ),
        (lambda folder: (folder / "ImageSets/Main/train.txt").unlink(), "train.txt is missing"),
        (
            text_of("ImageSets/Main/train.txt", lambda _: b"a\nb\na"),
            "line 3: 'a' stands there twice",
        ),
        (text_of("ImageSets/Main/train.txt", lambda text: b"a\n\xff"), "line 2: it is no UTF-8"),
        (
            text_of("Annotations/a.xml", lambda text: text[:-9]),
            "line 11: it is no XML: unclosed token",
        ),
        (text_of("Annotations/a.xml", lambda text: b""), "line 1: it is no XML: no element found"),
        (text_of("Annotations/a.xml", lambda text: LAUGHS), "line 2: it declares a document type"),
        (
            text_of("Annotations/a.xml", lambda _: LAUGHS.decode().encode("utf-16")),
            "line 2: it declares a document type",
        ),
        (
            text_of("Annotations/a.xml", lambda _: b'<?xml version="1.0" encoding="x"?><a/>'),
            "line 1: it is no XML: unknown encoding",
        ),
        (text_of("Annotations/a.xml", lambda _: b"<a>" * 99), "line 1: more than 50 elements"),
        (text_of("Annotations/a.xml", lambda text: text + b" " * 2**22), "4,194,304 bytes"),
        (
            text_of("Annotations/a.xml", lambda text: text.replace(b"<ymin>1<", b"<ymin>x<")),
            "a.xml, line 5: <ymin> is 'x', not a number",
        ),
        (
            text_of("Annotations/a.xml", lambda text: text.replace(b"size", b"sizes")),
            "a.xml, line 1: <annotation> has no <size>",
        ),
        (
            text_of("Annotations/a.xml", lambda text: text.replace(b"t>0<", b"t>yes<")),
            "a.xml, line 4: <difficult> is 'yes', not one of 0, 1",
        ),
    ],
)
def test_voc(tmp_path, edit, says):
    edit(make_voc(tmp_path))
    assert says in refused(f"voc:{tmp_path}")


def label(text):
    return lambda folder: write(folder / "labels/train/a.txt", text)


def yaml(text):
    return lambda folder: write(folder / "data.yaml", text)


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (label("0 0.5 0.5 0.1 0.1\n\n3 0.5 0.5 0.1 0.1"), "line 3: class '3' is no integer from 0"),
        (label("0 120 0.5 0.1 0.1"), "a.txt, line 1: '120' is no number from 0 to 1"),
        (label("0 0.5 0.5 nan 0.1"), "a.txt, line 1: 'nan' is no number from 0 to 1"),
        (label("0 0.5 0.5 0.1"), "a.txt, line 1: it has 4 values, not five"),
        (text_of("images/train/a.png", lambda _: b"x"), "a.png is no readable image"),
        (lambda folder: (folder / "data.yaml").unlink(), "data.yaml is missing"),
        (yaml("nc: 3"), "data.yaml has no `names`"),
        (yaml("cat"), "data.yaml, line 1: it is 'cat', no `names: [...]`"),
        (yaml("nc: 1\nnames: cat"), "line 2: the class names: is 'cat', not a list of names"),
        (yaml("names: [cat, 'dog]"), "line 1: it is no YAML: found unexpected end of stream"),
        (yaml("nc: 1\nnames: a: b"), "line 2: it is no YAML: mapping values are not allowed here"),
        (yaml("names: [a]\nday: 2026-13-45"), "line 1: it is no YAML: month must be in 1..12"),
        (yaml("[" * 9999), "line 1: it is no YAML: maximum recursion depth exceeded"),
        (yaml("names: [a\0b]"), "line 1: it is no YAML: unacceptable character #x0000"),
        (yaml("names: [a]\nnc: 1\nnames: [b]"), "line 3: 'names' stands twice"),
        (yaml("\nnames:\n  0: cat\n  0: dog"), "data.yaml, line 4: '0' stands twice"),
        (
            yaml("nc: 2\nnames:\n  0: cat\n  2: dog"),
            "line 2: `names` has no class 1, by its number",
        ),
        (yaml("names: {'0': cat}"), "data.yaml, line 1: `names` has no class 0, by its number"),
        (yaml("names:\n- name: cat\n"), "line 1: the class names: [0] is {'name': 'cat'}, not a"),
        (yaml("names: [cat, null]"), "line 1: the class names: [1] is None, not a name"),
        (yaml("names: []\nnc: 0"), "the class names: is [], not a list of names"),
        (
            yaml("names: [cat]\ntrain: ../train/images"),
            "line 2: `train` is '../train/images', no folder of images; name one, as images/train",
        ),
        (
            yaml("val: images/train\nnames: [cat]"),
            "line 1: `val` is 'images/train', the folder of `train` too; give it images of its own",
        ),
        (yaml("test: [a, b]\nnames: [cat]"), "line 1: `test` is ['a', 'b'], no folder of images"),
        (yaml("train: labels/train\nnames: [cat]"), "`train` is 'labels/train', no folder"),
        (yaml("path: gone\ntrain: train.txt\nnames: [cat]"), "line 2: `train` is 'train.txt'"),
        (yaml("names: [cat, dog, cat]"), "class 'cat' stands twice"),
        (yaml("names: [cat, dog, ' ']"), "a class in "),
    ],
)
def test_yolo(tmp_path, edit, says):
    edit(make_yolo(tmp_path))
    assert says in refused(f"yolo:{tmp_path}")
