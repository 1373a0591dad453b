"""Which anchor is to find which object."""

import math

from keras import ops
from keras.utils import bounding_boxes

POSITIVE, NEGATIVE = 0.5, 0.4
# Logarithm of a side over the anchor's: mmdetection's, so that no exponential overflows.
LONGEST = math.log(1000 / 16)
# In place of an object's number.
BACKGROUND, IGNORED = -1, -2


def match(anchors, boxes, real):
    """Gives each anchor of an image its object, or none.

    An anchor whose best intersection over union (IoU) is at least 0.5 gets that object, below 0.4
    it is background, between the two it is ignored. Each object also gets the anchors that
    overlap it most, however little; of two objects with the same best anchor the last one has it.

    Args:
        anchors: float32, (A, 4): left, top, right, bottom.
        boxes: float32, (M, 4), likewise.
        real: bool, (M,): which boxes are objects and no padding.

    Returns:
        int32, (A,): the object's number, `BACKGROUND` or `IGNORED`.

    Source: Lin et al., arXiv 1708.02002, section 4; the best anchors, arXiv 1506.01497, section
    3.1.2.
    """
    overlap = bounding_boxes.compute_iou(anchors, boxes, "xyxy")
    overlap = ops.where(real[None], overlap, 0.0)
    best = ops.max(overlap, axis=1)
    found = ops.cast(ops.argmax(overlap, axis=1), "int32")
    found = ops.where(best < NEGATIVE, BACKGROUND, ops.where(best < POSITIVE, IGNORED, found))
    most = ops.max(overlap, axis=0)
    chosen = (overlap == most[None]) & (most > 0)[None]
    numbers = ops.arange(ops.shape(boxes)[0], dtype="int32")
    last = ops.max(ops.where(chosen, numbers[None], BACKGROUND), axis=1)
    return ops.where(last >= 0, last, found)


def encode(anchors, boxes):
    """What is to be regressed: float32 (..., 4) of dx, dy, dw, dh.

    Source: Girshick et al., arXiv 1311.2524, Eqs. (6) to (9), with mean 0 and deviation 1.
    """
    return bounding_boxes.encode_box_to_deltas(anchors, boxes, "xyxy", "xyxy", "center_xywh")


def decode(anchors, deltas):
    """The boxes that `encode` made these of; a side is at most 62.5 times the anchor's."""
    deltas = ops.concatenate(
        [deltas[..., :2], ops.clip(deltas[..., 2:], -LONGEST, LONGEST)], axis=-1
    )
    return bounding_boxes.decode_deltas_to_boxes(anchors, deltas, "xyxy", "xyxy", "center_xywh")
