"""Boxes as COCO treats them: those without extent are left out, others cut at the image's edge."""

from dataclasses import dataclass

import numpy as np

# Pixels by which coordinates stand outside of an image because they are rounded.
ROUNDING = 0.5
# A box that stands out of its image by more than this share of its longer side is wrong, and hints
# at another format where more than this share of the boxes is; of fewer boxes than these, where all
# are. In another format a quarter and more of BCCD's boxes are wrong, in their own hardly any.
SHARE = 0.1
WRONG = 0.1
FEW = 10


@dataclass(frozen=True, eq=False)
class CleanBoxes:
    """Boxes within their images.

    Attributes:
        boxes: float32, (T, 4): cut at the edges of their images.
        kept: bool, (T,): which boxes have a width and a height within their image.
        flat: boxes without width or height.
        outside: boxes wholly outside of their image.
        cut: boxes that were cut, by more than half a pixel.
        strange: why the boxes cannot be in the format that was said, empty if they can.
    """

    boxes: np.ndarray
    kept: np.ndarray
    flat: int
    outside: int
    cut: int
    strange: str

    def notice(self, crowd: int) -> str:
        """Such as "1 box without width or height skipped, 3 clipped to their image".

        Args:
            crowd: how many of those that are kept are not trained on.

        Returns:
            The counts of all kinds that there are, empty if there are none.
        """
        kinds = [
            (self.flat, "without width or height skipped"),
            (self.outside, "outside of {} image skipped"),
            (self.cut, "clipped to {} image"),
            (crowd, "marked as crowd or difficult and not trained on"),
        ]
        found = [
            (count, what.format("its" if count == 1 else "their")) for count, what in kinds if count
        ]
        return ", ".join(
            f"{count:,} {('box ' if count == 1 else 'boxes ') if place == 0 else ''}{what}"
            for place, (count, what) in enumerate(found)
        )


def clean(boxes: np.ndarray, sizes: np.ndarray) -> CleanBoxes:
    """Cuts boxes at the edges of their images and finds those of which nothing is left.

    Args:
        boxes: float64, (T, 4): left, top, right, bottom in pixels.
        sizes: (T, 2): height and width of the image of each.
    """
    edges = sizes[:, [1, 0, 1, 0]]
    sides = boxes[:, 2:] - boxes[:, :2]
    clipped = np.clip(boxes, 0, edges)
    beyond = np.abs(boxes - clipped).max(axis=1, initial=0)
    clipped = clipped.astype("float32")
    flat = (sides <= 0).any(axis=1)
    outside = ~flat & (clipped[:, 2:] <= clipped[:, :2]).any(axis=1)
    kept = ~flat & ~outside
    wrong = ~kept | (beyond > np.maximum(SHARE * sides.max(axis=1, initial=0), ROUNDING))
    return CleanBoxes(
        clipped,
        kept,
        flat=int(flat.sum()),
        outside=int(outside.sum()),
        cut=int((kept & (beyond > ROUNDING)).sum()),
        strange=_strange(boxes, int(wrong.sum())),
    )


def _strange(boxes, wrong) -> str:
    count = len(boxes)
    if not count:
        return ""
    if boxes.max() <= 1:
        return "all boxes lie in the first pixel of their images, as if they were relative to them"
    if wrong == count or (count >= FEW and wrong > WRONG * count):
        return f"{wrong:,} of {count:,} boxes reach out of their images or have no extent"
    return ""
