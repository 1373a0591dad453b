"""Which objects no anchor comes near, so that they can hardly be learned."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from ras_keras.detection.data.annotations import AnnotatedImages
from ras_keras.detection.data.letterbox import boxes_on_canvas
from ras_keras.detection.network.anchors import Anchors
from ras_keras.detection.network.matching import POSITIVE
from ras_keras.errors import Argument, UserError

# Boxes of a class that are looked at, at equal distances.
LOOKED_AT = 500
SCALES = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)


@dataclass(frozen=True)
class Coverage:
    """Of a class the boxes that were looked at, and those without an anchor."""

    name: str
    boxes: int
    without: int


def check_coverage(images: AnnotatedImages, anchors: Anchors) -> list[str]:
    """Looks at how near the anchors come to the objects of each class.

    An object with no anchor of an intersection over union of 0.5 or more trains its best anchor
    alone.

    Returns:
        A notice that counts the objects without such an anchor, if there are any.

    Raises:
        UserError: for a class all of whose objects have none, with the scale that would serve.
    """
    found = [coverage(images, label, anchors) for label in range(len(images.class_names))]
    lost = [each for each in found if each.boxes and each.without == each.boxes]
    if lost:
        scale = _serving(images, anchors)
        way_out = ("",) if scale is None else (Argument("anchor_scale", scale), ", or ")
        raise UserError(
            Argument("anchor_scale", anchors.scale),
            f" leaves every object of {lost[0].name!r} without an anchor of half its size at "
            f"{anchors.width}x{anchors.height} pixels; give ",
            *way_out,
            "larger images.",
        )
    some = [f"{each.without} of {each.boxes} of {each.name}" for each in found if each.without]
    if not some:
        return []
    return [
        f"without an anchor of half their size at this anchor scale: {', '.join(some)}; only their "
        "best anchor is trained"
    ]


def coverage(images: AnnotatedImages, label: int, anchors: Anchors) -> Coverage:
    """How many objects of a class have no anchor; of many those at equal distances."""
    canvas = anchors.height, anchors.width
    boxes = np.concatenate(
        [
            np.empty((0, 4), "float32"),
            *(
                boxes_on_canvas(found[(labels == label) & ~crowd], size, canvas)
                for found, labels, crowd, size in zip(
                    images.boxes, images.labels, images.crowd, images.sizes, strict=True
                )
            ),
        ]
    )
    looked_at = boxes[np.linspace(0, len(boxes) - 1, min(len(boxes), LOOKED_AT)).astype(int)]
    places = anchors.boxes()
    without = sum(_best(box, places) < POSITIVE for box in looked_at)
    return Coverage(images.class_names[label], len(looked_at), int(without))


def _best(box: np.ndarray, anchors: np.ndarray) -> float:
    """The largest intersection over union with an anchor."""
    sides = np.minimum(anchors[:, 2:], box[2:]) - np.maximum(anchors[:, :2], box[:2])
    common = np.clip(sides, 0, None).prod(axis=1)
    areas = (anchors[:, 2:] - anchors[:, :2]).prod(axis=1) + (box[2:] - box[:2]).prod()
    return float((common / (areas - common)).max())


def _serving(images: AnnotatedImages, anchors: Anchors) -> float | None:
    """Of the usual scales the one that leaves the fewest objects of the worst class alone.

    None if it would leave all of them.
    """

    def worst(scale):
        of_scale = dataclasses.replace(anchors, scale=scale)
        each = (coverage(images, label, of_scale) for label in range(len(images.class_names)))
        return max((one.without / one.boxes for one in each if one.boxes), default=0.0)

    shares = {scale: worst(scale) for scale in SCALES}
    best = min(SCALES, key=shares.__getitem__)
    return best if shares[best] < 1 else None
