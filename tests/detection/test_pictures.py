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
