"""Which objects count as missed, and which detections as false."""

import numpy as np

from ras_keras.detection.pictures import mistakes
from ras_keras.detection.scores import Detections

BOXES = np.array([[0, 0, 10, 10], [20, 20, 30, 30]], "float32")
FAR = np.array([[50, 50, 60, 60]], "float32")


def found(boxes):
    count = len(boxes)
    return Detections(boxes, np.full(count, 0.9, "float32"), np.zeros(count, "int32"))


def test_missed_and_false():
    labels, crowd = np.array([0, 0]), np.array([False, False])
    assert mistakes(found(np.concatenate([BOXES[:1], FAR])), BOXES, labels, crowd, 0.5) == (
        [1],
        [1],
    )
    assert mistakes(found(BOXES), BOXES, np.array([0, 1]), crowd, 0.5) == ([1], [1])
    assert mistakes(found(BOXES), BOXES, labels, crowd, 0.95) == ([0, 1], [])


def test_crowds_are_neither():
    """However many lie on one."""
    twice = found(np.concatenate([BOXES[:1], BOXES[:1]]))
    assert mistakes(twice, BOXES, np.array([0, 0]), np.array([True, True]), 0.5) == ([], [])
    assert mistakes(twice, BOXES[:1], np.array([0]), np.array([False]), 0.5) == ([], [1])


def test_what_lies_in_a_crowd_is_measured_by_its_own_area():
    """COCO divides by the area of the detection, and looks for an object first."""
    boxes = np.array([[0, 0, 100, 100], [10, 10, 30, 32]], "float32")
    crowd = np.array([True, False])
    small = found(np.array([[10, 10, 30, 30]], "float32"))
    assert mistakes(small, boxes[:1], np.array([0]), crowd[:1], 0.5) == ([], [])
    assert mistakes(small, boxes[:1], np.array([1]), crowd[:1], 0.5) == ([], [0]), "another class"
    assert mistakes(small, boxes, np.array([0, 0]), crowd, 0.5) == ([], []), "the object first"
    half_out = found(np.array([[70, 10, 129, 30], [70, 10, 131, 30]], "float32"))
    assert mistakes(half_out, boxes[:1], np.array([0]), crowd[:1], 0.5) == ([], [1])
