"""Anchors: the boxes of every place of a pyramid, against which objects are measured."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

LEVELS = (3, 4, 5, 6, 7)
RATIOS = (0.5, 1.0, 2.0)
OCTAVES = tuple(2 ** (i / 3) for i in range(3))
PER_PLACE = len(RATIOS) * len(OCTAVES)


@dataclass(frozen=True)
class Anchors:
    """Nine boxes at each place of the levels P3 to P7.

    At stride s = 2^l their centres are the multiples of s, their areas (scale * s * 2^(i/3))^2 for
    i = 0, 1, 2, and their heights 1/2, 1 and 2 times their widths.

    Attributes:
        height: of the images, in pixels.
        width: likewise.
        scale: of the smallest anchor of a level, in strides.

    Source: Lin et al., arXiv 1708.02002, section 4, with the centres of mmdetection 2.
    """

    height: int
    width: int
    scale: float = 4.0

    @property
    def maps(self) -> tuple[tuple[int, int], ...]:
        """Height and width of each level's map."""
        return tuple((-(-self.height // 2**level), -(-self.width // 2**level)) for level in LEVELS)

    @property
    def counts(self) -> tuple[int, ...]:
        """Anchors of each level."""
        return tuple(rows * columns * PER_PLACE for rows, columns in self.maps)

    def boxes(self) -> np.ndarray:
        """All anchors, level by level, row by row: float32 (A, 4), left, top, right, bottom."""
        return np.concatenate([*map(self._of_level, LEVELS, self.maps)])

    def nearest(self, boxes: np.ndarray) -> Iterator[np.ndarray]:
        """Of each level the nine at the place nearest to the centre of each box: (n, 9, 4).

        An anchor of their form overlaps the box nowhere more than there.

        Args:
            boxes: (n, 4): left, top, right, bottom.
        """
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        for level, (rows, columns) in zip(LEVELS, self.maps, strict=True):
            places = 2**level * np.clip(np.round(centres / 2**level), 0, (columns - 1, rows - 1))
            yield np.tile(places, 2)[:, None] + self._around(level).astype("float32")

    def _around(self, level: int) -> np.ndarray:
        """The nine of a place as seen from it, (9, 4)."""
        height_of_width = np.sqrt(RATIOS)[:, None]
        sides = self.scale * 2**level * np.array(OCTAVES)[None]
        widths, heights = (sides / height_of_width).ravel(), (sides * height_of_width).ravel()
        return np.stack([-widths, -heights, widths, heights], axis=1) / 2

    def _of_level(self, level: int, size: tuple[int, int]) -> np.ndarray:
        rows, columns = (2**level * np.arange(count) for count in size)
        y, x = np.meshgrid(rows, columns, indexing="ij")
        centres = np.stack([x, y, x, y], axis=-1)[:, :, None]
        return (centres + self._around(level)).reshape(-1, 4).astype("float32")
