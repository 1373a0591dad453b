"""Which objects no anchor comes near, so that they can hardly be learned."""

import dataclasses
import functools
from dataclasses import dataclass

import numpy as np

from ras_keras.detection.data.annotations import AnnotatedImages
from ras_keras.detection.data.letterbox import boxes_on_canvas
from ras_keras.detection.network.anchors import Anchors
from ras_keras.detection.network.matching import POSITIVE
from ras_keras.detection.overlaps import overlaps
from ras_keras.errors import Argument, UserError

SCALES = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)


@dataclass(frozen=True)
class Coverage:
    """How many boxes a class has, and how many of them have no anchor."""

    name: str
    boxes: int
    without: int


def check_coverage(images: AnnotatedImages, anchors: Anchors) -> list[str]:
    """Looks at how near the anchors come to the objects of each class.

    An object with no anchor of an intersection over union (IoU) of 0.5 or more trains its best
    anchor alone.

    Returns:
        A notice that counts the objects without such an anchor, if there are any.

    Raises:
        UserError: for a class all of whose objects have none, with the scale that would serve.
    """
    boxes = boxes_of_classes(images, (anchors.height, anchors.width))
    found = [*map(functools.partial(coverage, anchors=anchors), images.class_names, boxes)]
    lost = [each for each in found if each.boxes and each.without == each.boxes]
    if lost:
        scale = _serving(boxes, anchors)
        way_out = ("",) if scale is None else (Argument("anchor_scale", scale), ", or ")
        raise UserError(
            Argument("anchor_scale", anchors.scale),
            f" leaves every object of {lost[0].name!r} without an anchor of IoU {POSITIVE} or more "
            f"at {anchors.width}x{anchors.height} pixels; give ",
            *way_out,
            "larger images.",
        )
    some = [f"{each.without:,} of {each.boxes:,} of {each.name}" for each in found if each.without]
    if not some:
        return []
    return [
        f"without an anchor of IoU {POSITIVE} or more at this anchor scale: {', '.join(some)}; "
        "only their best anchor is trained"
    ]


def boxes_of_classes(images: AnnotatedImages, canvas: tuple[int, int]) -> list[np.ndarray]:
    """The objects of each class on a canvas, (n, 4)."""
    boxes = np.concatenate(
        [
            boxes_on_canvas(found, size, canvas)
            for found, size in zip(images.boxes, images.sizes, strict=True)
        ]
    )
    real = ~np.concatenate(images.crowd)
    labels = np.concatenate(images.labels)
    return [boxes[real & (labels == label)] for label in range(len(images.class_names))]


def coverage(name: str, boxes: np.ndarray, anchors: Anchors) -> Coverage:
    """How many objects of a class have no anchor of IoU 0.5 or more.

    Args:
        name: of the class.
        boxes: of its objects, (n, 4).
        anchors: on the same canvas.
    """
    return Coverage(name, len(boxes), int((best_overlaps(boxes, anchors) < POSITIVE).sum()))


def best_overlaps(boxes: np.ndarray, anchors: Anchors) -> np.ndarray:
    """The highest IoU of each box with an anchor: (n,).

    Args:
        boxes: (n, 4): left, top, right, bottom.
        anchors: on the same canvas.
    """
    boxes = boxes.astype("float64")
    of_levels = (overlaps(boxes[:, None], near).max(axis=1) for near in anchors.nearest(boxes))
    return functools.reduce(np.maximum, of_levels)


def _serving(of_classes: list[np.ndarray], anchors: Anchors) -> float | None:
    """Of the usual scales the one that leaves the fewest objects of the worst class alone.

    None if it would leave all of them.
    """

    def worst(scale):
        of_scale = dataclasses.replace(anchors, scale=scale)
        each = (coverage("", boxes, of_scale) for boxes in of_classes)
        return max((one.without / one.boxes for one in each if one.boxes), default=0.0)

    shares = {scale: worst(scale) for scale in SCALES}
    best = min(SCALES, key=shares.__getitem__)
    return best if shares[best] < 1 else None
