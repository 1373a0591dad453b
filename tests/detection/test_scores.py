"""Average precision: of the truth itself, of stored detections, and as pycocotools has it."""

import json

import numpy as np
import pytest

from ras_keras.detection.data.annotations import AnnotatedImages
from ras_keras.detection.scores import Detections, score

coco = pytest.importorskip("pycocotools.coco")


def made_images(seed=0, images=12, classes=3):
    """Images of 200x300 with objects of all sizes, some of them crowds."""
    random = np.random.default_rng(seed)
    counts = random.integers(1, 9, images)
    corners = [random.uniform(0, 100, (count, 2)) for count in counts]
    sides = [random.uniform(8, 150, (count, 2)) for count in counts]
    return AnnotatedImages(
        paths=tuple(f"{number}.png" for number in range(images)),
        sizes=np.tile([200, 300], (images, 1)),
        boxes=tuple(
            np.concatenate([corner, corner + side], 1).astype("float32")
            for corner, side in zip(corners, sides, strict=True)
        ),
        labels=tuple(random.integers(0, classes, count).astype("int32") for count in counts),
        crowd=tuple(random.random(count) < 0.1 for count in counts),
        areas=tuple(each.prod(axis=1).astype("float32") for each in sides),
        ids=tuple(range(images)),
        class_names=tuple("abc"[:classes]),
    )


def made_detections(images, seed=1):
    """The objects a little off, of other classes now and then, and boxes of nothing."""
    random, found = np.random.default_rng(seed), []
    for boxes, labels in zip(images.boxes, images.labels, strict=True):
        noise = random.integers(0, 3)
        own = boxes + random.normal(0, 4, boxes.shape)
        others = random.uniform(0, 90, (noise, 4)) + np.array([0, 0, 100, 100])
        classes = np.where(random.random(len(labels)) < 0.2, 0, labels)
        scores = np.sort(random.random(len(labels) + noise))[::-1]
        found.append(
            Detections(
                np.concatenate([own, others]).astype("float32"),
                scores.astype("float32"),
                np.concatenate([classes, random.integers(0, 3, noise)]).astype("int32"),
            )
        )
    return found


def test_the_truth_scores_1():
    images = made_images()
    truth = [
        Detections(boxes, np.ones(len(boxes), "float32"), labels)
        for boxes, labels in zip(images.boxes, images.labels, strict=True)
    ]
    scores = score(truth, images)
    assert scores.ap == scores.ap50 == scores.ap75 == pytest.approx(1)
    assert scores.classes == {name: (pytest.approx(1), pytest.approx(1)) for name in "abc"}


def test_nothing_found_scores_0():
    images = made_images()
    nothing = Detections(np.empty((0, 4)), np.empty(0), np.empty(0, "int32"))
    assert score([nothing] * len(images), images).ap == 0


def test_a_class_without_objects_has_no_score():
    images = made_images(classes=2)
    images = AnnotatedImages(**vars(images) | {"class_names": ("a", "b", "none")})
    scores = score(made_detections(made_images(classes=2)), images)
    assert scores.classes["none"] == (None, None)
    assert scores.ap is not None


def test_as_pycocotools_has_it_of_files(tmp_path, capsys):
    """By the JSON files that its users write, with ids of their own."""
    images, found = made_images(), made_detections(made_images())
    annotations, results = [], []
    for number, each in enumerate(found):
        for box, label, crowd, area in zip(
            *(getattr(images, name)[number] for name in ("boxes", "labels", "crowd", "areas")),
            strict=True,
        ):
            annotations.append(
                {
                    "id": 100 + len(annotations),
                    "image_id": 1000 + number,
                    "category_id": 7 + int(label),
                    "bbox": [*map(float, box[:2]), *map(float, box[2:] - box[:2])],
                    "area": float(area),
                    "iscrowd": int(crowd),
                }
            )
        for box, value, label in zip(each.boxes, each.scores, each.classes, strict=True):
            results.append(
                {
                    "image_id": 1000 + number,
                    "category_id": 7 + int(label),
                    "bbox": [*map(float, box[:2]), *map(float, box[2:] - box[:2])],
                    "score": float(value),
                }
            )
    truth = {
        "images": [{"id": 1000 + n, "height": 200, "width": 300} for n in range(len(images))],
        "categories": [{"id": 7 + n, "name": name} for n, name in enumerate("abc")],
        "annotations": annotations,
    }
    files = tmp_path / "truth.json", tmp_path / "results.json"
    for file, content in zip(files, (truth, results), strict=True):
        file.write_text(json.dumps(content))
    from pycocotools.cocoeval import COCOeval

    loaded = coco.COCO(files[0])
    evaluation = COCOeval(loaded, loaded.loadRes(str(files[1])), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    capsys.readouterr()
    scores = score(found, images)
    assert capsys.readouterr().out == ""
    got = [getattr(scores, each) for each in ("ap", "ap50", "ap75", "small", "medium", "large")]
    np.testing.assert_allclose(got, evaluation.stats[:6], atol=1e-6)
    assert 0.1 < scores.ap < 0.9
