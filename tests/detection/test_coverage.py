"""Objects that no anchor comes near."""

import numpy as np
import pytest

from ras_keras.detection.data.annotations import AnnotatedImages
from ras_keras.detection.network.anchors import Anchors
from ras_keras.detection.overlaps import overlaps
from ras_keras.detection.training.coverage import (
    best_overlaps,
    boxes_of_classes,
    check_coverage,
    coverage,
)
from ras_keras.errors import UserError
from tests.detection.test_matching import overlap


def images(*sides):
    """An image of 256x256 with squares of class "large", then of "small"."""
    boxes = [np.array([[64, 64, 64 + side, 64 + side]], "float32") for side in sides]
    count = len(sides)
    return AnnotatedImages(
        paths=("a.png",) * count,
        sizes=np.tile([256, 256], (count, 1)),
        boxes=tuple(boxes),
        labels=tuple(np.array([int(side < 20)], "int32") for side in sides),
        crowd=(np.array([False]),) * count,
        areas=tuple(np.array([side**2], "float32") for side in sides),
        ids=tuple(range(count)),
        class_names=("large", "small"),
    )


def test_all_near():
    assert check_coverage(images(40, 64), Anchors(256, 256)) == []


def test_some_far():
    (notice,) = check_coverage(images(64, 18, 8), Anchors(256, 256, 2.0))
    assert "without an anchor of IoU 0.5 or more" in notice
    assert "1 of 2 of small" in notice
    assert "large" not in notice


def test_all_boxes_are_counted():
    """However they repeat themselves."""
    (notice,) = check_coverage(images(*[18, 18, 8] * 400), Anchors(256, 256, 2.0))
    assert "400 of 1,200 of small" in notice


def test_a_whole_class_far():
    with pytest.raises(UserError, match="small") as error:
        check_coverage(images(64, 12, 14), Anchors(256, 256))
    given, scale = (each for each in error.value.args if not isinstance(each, str))
    assert given.value == 4.0
    assert check_coverage(images(64, 12, 14), Anchors(256, 256, scale.value)) == []


def test_a_class_that_no_scale_serves():
    with pytest.raises(UserError, match="; give larger images") as error:
        check_coverage(images(64, 4), Anchors(256, 256))
    assert len([each for each in error.value.args if not isinstance(each, str)]) == 1


def test_no_anchor_overlaps_more_than_the_nearest():
    random = np.random.default_rng(0)
    anchors = Anchors(64, 96, 2.0)
    corners, sides = random.uniform(-20, 90, (100, 2)), random.uniform(2, 80, (100, 2))
    boxes = np.concatenate([corners, corners + sides], axis=1).astype("float32")
    best = overlaps(boxes[:, None], anchors.boxes()[None]).max(axis=1)
    np.testing.assert_allclose(best_overlaps(boxes, anchors), best, atol=1e-6)


@pytest.mark.parametrize("side", [10, 14, 20, 33, 50])
def test_by_a_loop_over_the_anchors(side):
    anchors = Anchors(64, 96, 2.0)
    boxes = boxes_of_classes(images(side), (64, 96))[int(side < 20)]
    found = coverage("a", boxes, anchors)
    scaled = images(side).boxes[0][0] / 4
    best = max(overlap(scaled, anchor) for anchor in anchors.boxes())
    assert (found.boxes, found.without) == (1, int(best < 0.5))
