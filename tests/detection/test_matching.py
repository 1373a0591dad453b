"""Anchors, their matching and the losses, beside arithmetic in NumPy."""

import keras
import numpy as np
import pytest

from ras_keras.detection.network.anchors import Anchors
from ras_keras.detection.network.losses import detection_losses, focal_loss
from ras_keras.detection.network.matching import BACKGROUND, IGNORED, decode, encode, match

IMAGE = Anchors(64, 96, scale=2.0)


def overlap(a, b):
    """Intersection over union of two boxes."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    common = max(width, 0) * max(height, 0)
    areas = [(each[2] - each[0]) * (each[3] - each[1]) for each in (a, b)]
    return common / max(sum(areas) - common, 1e-7)


def objects(random, count):
    corners = random.uniform(0, (70, 40), (count, 2))
    return np.concatenate([corners, corners + random.uniform(8, 26, (count, 2))], 1).astype("f4")


def test_anchors():
    boxes = IMAGE.boxes()
    assert IMAGE.maps == ((8, 12), (4, 6), (2, 3), (1, 2), (1, 1))
    assert len(boxes) == sum(IMAGE.counts) == 9 * (96 + 24 + 6 + 2 + 1)
    widths, heights = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    np.testing.assert_allclose((heights / widths)[:9], np.repeat([0.5, 1, 2], 3), rtol=1e-5)
    sides = np.sqrt(widths * heights)
    np.testing.assert_allclose(sides[:3], 16 * 2 ** (np.arange(3) / 3), rtol=1e-5)
    np.testing.assert_allclose(sides[-3:], 256 * 2 ** (np.arange(3) / 3), rtol=1e-5)
    # The second place of the second row of P3.
    centre = (boxes[9 * 13, :2] + boxes[9 * 13, 2:]) / 2
    np.testing.assert_allclose(centre, (8, 8), atol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_match(seed):
    anchors, boxes = IMAGE.boxes(), objects(np.random.default_rng(seed), 5)
    found = keras.ops.convert_to_numpy(match(anchors, boxes, np.arange(5) < 4))
    table = np.array([[overlap(anchor, box) for box in boxes[:4]] for anchor in anchors])
    expected = np.full(len(anchors), IGNORED)
    expected[table.max(1) < 0.4] = BACKGROUND
    positive = table.max(1) >= 0.5
    expected[positive] = table.argmax(1)[positive]
    for number in range(4):
        expected[np.isclose(table[:, number], table[:, number].max(), atol=1e-6)] = number
    np.testing.assert_array_equal(found, expected)
    assert {0, 1, 2, 3} <= {*found}


def test_an_image_without_objects_is_background():
    found = match(IMAGE.boxes(), np.zeros((2, 4), "f4"), np.zeros(2, bool))
    assert (keras.ops.convert_to_numpy(found) == BACKGROUND).all()


def test_offsets_are_decoded_to_the_boxes():
    anchors = IMAGE.boxes()
    boxes = objects(np.random.default_rng(0), len(anchors))
    offsets = keras.ops.convert_to_numpy(encode(anchors, boxes))
    dx = (boxes[:, 0] + boxes[:, 2] - anchors[:, 0] - anchors[:, 2]) / 2
    np.testing.assert_allclose(offsets[:, 0], dx / (anchors[:, 2] - anchors[:, 0]), atol=1e-5)
    heights = (boxes[:, 3] - boxes[:, 1]) / (anchors[:, 3] - anchors[:, 1])
    np.testing.assert_allclose(offsets[:, 3], np.log(heights), atol=1e-5)
    np.testing.assert_allclose(decode(anchors, offsets), boxes, atol=1e-3)


def test_focal_loss():
    logits, targets = np.array([-3.0, 0.0, 2.0, 200.0], "f4"), np.array([0, 1, 1, 0], "f4")
    p = 1 / (1 + np.exp(-logits[:3]))
    expected = [
        -0.75 * p[0] ** 2 * np.log(1 - p[0]),
        -0.25 * (1 - p[1]) ** 2 * np.log(p[1]),
        -0.25 * (1 - p[2]) ** 2 * np.log(p[2]),
        # log(1 - p) of a large logit x is -x.
        0.75 * 200,
    ]
    np.testing.assert_allclose(focal_loss(targets, logits), expected, rtol=1e-5)


def test_losses_are_sums_by_the_anchors_with_an_object():
    random = np.random.default_rng(0)
    anchors, count = IMAGE.boxes(), 3
    boxes = np.stack([objects(random, 2), objects(random, 2)])
    classes = np.array([[2, 0], [1, -1]])
    outputs = {
        "boxes": random.normal(size=(2, len(anchors), 4)).astype("f4"),
        "classes": random.normal(size=(2, len(anchors), count)).astype("f4"),
    }
    of_classes, of_boxes = detection_losses(anchors, {"boxes": boxes, "classes": classes}, outputs)
    sums, positives = np.zeros(2), 0
    for image in range(2):
        found = np.asarray(match(anchors, boxes[image], classes[image] >= 0))
        for place, number in enumerate(found):
            if number == IGNORED:
                continue
            target = np.zeros(count, "f4")
            if number >= 0:
                target[classes[image][number]] = 1
                positives += 1
                offsets = np.asarray(encode(anchors[place], boxes[image][number]))
                sums[1] += np.abs(outputs["boxes"][image, place] - offsets).sum()
            sums[0] += np.asarray(focal_loss(target, outputs["classes"][image, place])).sum()
    np.testing.assert_allclose([of_classes, of_boxes], sums / positives, rtol=1e-4)
