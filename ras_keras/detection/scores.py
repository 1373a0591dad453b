"""Average precision of detections, as COCO measures it."""

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ras_keras.backend.imports import check_installed
from ras_keras.detection.data.annotations import AnnotatedImages

# The first of pycocotools' statistics.
ROWS = ("ap", "ap50", "ap75", "small", "medium", "large")


@dataclass(frozen=True)
class Detections:
    """What was found in an image, by falling scores.

    Attributes:
        boxes: float32, (m, 4): left, top, right and bottom in pixels of the original image.
        scores: float32, (m,).
        classes: int32, (m,).
    """

    boxes: np.ndarray
    scores: np.ndarray
    classes: np.ndarray

    def above(self, score: float) -> "Detections":
        """Those with a higher score."""
        kept = self.scores > score
        return Detections(self.boxes[kept], self.scores[kept], self.classes[kept])


@dataclass(frozen=True)
class Scores:
    """Average precision (AP) over recall, the mean over classes; None where nothing is to be found.

    Attributes:
        ap: the mean over intersections over union of 0.5, 0.55, ..., 0.95.
        ap50: at 0.5.
        ap75: at 0.75.
        small: `ap` of objects of less than 32^2 pixels.
        medium: of those up to 96^2.
        large: of larger ones.
        classes: `ap` and `ap50` of each class, by its name.
    """

    ap: float | None
    ap50: float | None
    ap75: float | None
    small: float | None
    medium: float | None
    large: float | None
    classes: dict[str, tuple[float | None, float | None]]


def score(detections: Sequence[Detections], images: AnnotatedImages) -> Scores:
    """Compares detections with annotations; crowds and difficult objects count neither way.

    Args:
        detections: of each image, of which the 100 best of a class count.
        images: with their annotations.

    Raises:
        UserError: if pycocotools is not installed.

    Source: Lin et al., arXiv 1405.0312, computed by pycocotools.
    """
    check_scoring()
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        truth = _truth(images)
        found = _found(detections)
        # pycocotools takes no empty list of results.
        results = truth.loadRes(found) if len(found) else _empty(truth)
        evaluation = COCOeval(truth, results, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    precision = evaluation.eval["precision"][:, :, :, 0, -1]
    classes = {
        name: (_mean(precision[:, :, number]), _mean(precision[0, :, number]))
        for number, name in enumerate(images.class_names)
    }
    figures = {name: _known(evaluation.stats[row]) for row, name in enumerate(ROWS)}
    return Scores(**figures, classes=classes)


def check_scoring() -> None:
    """Refuses to score where pycocotools is not installed.

    Raises:
        UserError: with the command that installs it.
    """
    check_installed("scoring detections", ["pycocotools"], "detection")


def _truth(images: AnnotatedImages):
    from pycocotools.coco import COCO

    annotations: list[dict] = []
    for number in range(len(images)):
        rows = zip(
            *(each[number] for each in (images.boxes, images.labels, images.crowd, images.areas)),
            strict=True,
        )
        for box, label, crowd, area in rows:
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": int(label),
                    "bbox": _of_corners(box),
                    "area": float(area),
                    "iscrowd": int(crowd),
                }
            )
    truth = COCO()
    truth.dataset = {
        "images": [
            {"id": number, "height": int(height), "width": int(width)}
            for number, (height, width) in enumerate(images.sizes)
        ],
        "categories": [
            {"id": number, "name": name} for number, name in enumerate(images.class_names)
        ],
        "annotations": annotations,
    }
    truth.createIndex()
    return truth


def _found(detections: Sequence[Detections]) -> np.ndarray:
    """Rows of image, left, top, width, height, score, class: float64, (K, 7)."""
    rows = [
        (number, *_of_corners(box), float(score), int(label))
        for number, each in enumerate(detections)
        for box, score, label in zip(each.boxes, each.scores, each.classes, strict=True)
    ]
    return np.array(rows, "float64").reshape(-1, 7)


def _empty(truth):
    from pycocotools.coco import COCO

    results = COCO()
    results.dataset = truth.dataset | {"annotations": []}
    results.createIndex()
    return results


def _of_corners(box) -> list[float]:
    left, top, right, bottom = map(float, box)
    return [left, top, right - left, bottom - top]


def _mean(values: np.ndarray) -> float | None:
    """Of a class's precisions, -1 where it has no object."""
    return _known(values[values > -1].mean() if (values > -1).any() else -1)


def _known(value: float) -> float | None:
    return None if value < 0 else float(value)
