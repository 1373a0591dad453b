"""What is left of a detector's outputs, beside a suppression written with loops."""

import keras
import numpy as np
import pytest

from ras_keras.detection import NonMaximumSuppression
from ras_keras.detection.network.anchors import Anchors
from ras_keras.detection.network.matching import decode
from tests.detection.test_matching import overlap

HEIGHT, WIDTH, CLASSES = 64, 96, 3
ANCHORS = Anchors(HEIGHT, WIDTH)


def outputs(seed, images=2):
    """Logits as of a network that has learned: most are small, boxes overlap."""
    random = np.random.default_rng(seed)
    count = sum(ANCHORS.counts)
    return {
        "boxes": random.normal(0, 0.3, (images, count, 4)).astype("float32"),
        "classes": random.normal(-4, 2, (images, count, CLASSES)).astype("float32"),
    }


def suppressed(layer, boxes, scores):
    """The same by loops over one image: [(box, score, class), ...]."""
    chosen, start = [], 0
    for count in ANCHORS.counts:
        best = np.argsort(-scores[start : start + count].max(1), kind="stable")
        chosen += [*(best[: layer.pre_nms_top_k] + start)]
        start += count
    left = [
        (scores[place, label], place, label)
        for place in chosen
        for label in range(CLASSES)
        if scores[place, label] > layer.score_threshold
    ]
    found = []
    for score, place, label in sorted(left, reverse=True):
        if len(found) == layer.max_detections:
            break
        if all(
            other != label or overlap(boxes[place], box) <= layer.iou_threshold
            for box, _, other in found
        ):
            found.append((boxes[place], score, label))
    return found


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"max_detections": 5},
        {"pre_nms_top_k": 20, "score_threshold": 0.3},
        {"iou_threshold": 0.1},
    ],
)
def test_like_loops(options):
    layer = NonMaximumSuppression(HEIGHT, WIDTH, **{"max_detections": 30} | options)
    given = outputs(0)
    found = {name: np.asarray(value) for name, value in layer(given).items()}
    for image in range(2):
        boxes = np.asarray(decode(ANCHORS.boxes(), given["boxes"][image]))
        boxes = np.clip(boxes, 0, [WIDTH, HEIGHT] * 2)
        scores = 1 / (1 + np.exp(-given["classes"][image]))
        expected = suppressed(layer, boxes, scores)
        count = len(expected)
        assert (found["scores"][image] > 0).sum() == count > 3
        np.testing.assert_array_equal(
            found["classes"][image],
            [*(each[2] for each in expected), *[-1] * (layer.max_detections - count)],
        )
        np.testing.assert_allclose(
            found["boxes"][image, :count], [each[0] for each in expected], atol=1e-3
        )
        np.testing.assert_allclose(
            found["scores"][image, :count], [each[1] for each in expected], rtol=1e-5
        )
        assert not found["boxes"][image, count:].any()


def test_nothing_is_found_where_nothing_is():
    layer = NonMaximumSuppression(HEIGHT, WIDTH)
    found = layer({"boxes": outputs(0)["boxes"], "classes": outputs(0)["classes"] - 100})
    assert not np.asarray(found["scores"]).any()
    assert (np.asarray(found["classes"]) == -1).all()


@pytest.mark.parametrize(("threshold", "found"), [(0.49, True), (0.5, False)])
def test_a_score_is_found_above_the_threshold(threshold, found):
    logits = np.full_like(outputs(0)["classes"], -100.0)
    logits[:, 7, 1] = 0
    layer = NonMaximumSuppression(HEIGHT, WIDTH, score_threshold=threshold)
    scores = np.asarray(layer({"boxes": outputs(0)["boxes"], "classes": logits})["scores"])
    assert ((scores == 0.5).sum(axis=1) == found).all()


def test_configuration():
    layer = NonMaximumSuppression(64, 96, 2.0, 0.1, 0.4, 7, 50, name="suppression")
    again = NonMaximumSuppression.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


@pytest.mark.parametrize(
    "name", ["score_threshold", "iou_threshold", "max_detections", "pre_nms_top_k"]
)
def test_what_is_refused(name):
    with pytest.raises(ValueError, match=name):
        NonMaximumSuppression(64, 96, **{name: -1})


def test_in_half_precision_it_computes_in_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    assert NonMaximumSuppression(64, 96).compute_dtype == "float32"
