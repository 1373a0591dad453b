"""How much boxes overlap, in NumPy; the network's own is Keras's."""

import numpy as np

# In place of an area of nothing.
LEAST = 1e-7


def overlaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes with others, 0 where neither has an area.

    Args:
        boxes: (..., 4): left, top, right, bottom.
        others: likewise; the axes before the last are broadcast against those of `boxes`.

    Returns:
        As the axes before the last are broadcast.
    """
    common = _common(boxes, others)
    return common / np.maximum(_areas(boxes) + _areas(others) - common, LEAST)


def covered(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The part of each box that lies within another, of 1; as `overlaps`."""
    return _common(boxes, others) / np.maximum(_areas(boxes), LEAST)


def _common(boxes, others) -> np.ndarray:
    """The area of the intersection."""
    first = np.maximum(boxes[..., :2], others[..., :2])
    last = np.minimum(boxes[..., 2:], others[..., 2:])
    return np.clip(last - first, 0, None).prod(axis=-1)


def _areas(boxes) -> np.ndarray:
    return (boxes[..., 2:] - boxes[..., :2]).prod(axis=-1)
