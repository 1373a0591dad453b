"""How much boxes overlap, in NumPy; the network's own is Keras's."""

import numpy as np


def overlaps(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of a box with others: (N,), 0 where neither has an area.

    Args:
        box: (4,): left, top, right, bottom.
        others: (N, 4), likewise.
    """
    sides = np.minimum(others[:, 2:], box[2:]) - np.maximum(others[:, :2], box[:2])
    common = np.clip(sides, 0, None).prod(axis=1)
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1) + (box[2:] - box[:2]).prod()
    return common / np.maximum(areas - common, 1e-7)
