"""What the gates of a network do over many images, in numbers."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ras_keras.gates.gates import Gates
from ras_keras.gates.statistics import CONSTANT, GateStatistics


@dataclass(frozen=True)
class GateStudy:
    """The gates of a network over images.

    Attributes:
        gates: of the network.
        images: how many there were.
        class_names: of the images' labels, empty without labels.
        recurrence: for each gate the statistics of V after 1..k applications.
    """

    gates: Gates
    images: int
    class_names: tuple[str, ...]
    recurrence: list[list[GateStatistics]]

    @property
    def statistics(self) -> list[GateStatistics]:
        """Of each gate V itself."""
        return [applications[-1] for applications in self.recurrence]

    def rows(self) -> list[dict]:
        """A row for each gate: that of a run's gates.csv, and whether V moves.

        `moving` is the share of channels that are no constants, `class_share` the share of the
        variance over images that is between classes, `verdict` "constant" or "moves".
        """
        return [
            row
            | {
                "moving": v.moving,
                "class_share": v.class_share,
                "verdict": "constant" if v.spread < CONSTANT else "moves",
            }
            for row, v in zip(self.gates.describe(self.statistics), self.statistics, strict=True)
        ]

    def verdict(self) -> str:
        """How many gates are constants, in a sentence."""
        constants = sum(v.spread < CONSTANT for v in self.statistics)
        gates, over = len(self.statistics), f"over {self.images:,} images"
        if not gates:
            return "the network has no gates: no attention"
        if not constants:
            return f"{_all(gates)} with the image (spread at least {CONSTANT} {over})"
        if constants == gates:
            return f"{_all(gates, 'constant')}: no attention (spread below {CONSTANT} {over})"
        return (
            f"{constants} of {gates} gates {'is a constant' if constants == 1 else 'are constants'}"
            f" {over} (spread below {CONSTANT}): no attention there"
        )


def study_gates(
    gates: Gates,
    batches: Iterable[tuple[np.ndarray, np.ndarray | None]],
    images: int,
    class_names: tuple[str, ...] = (),
) -> GateStudy:
    """Runs a network over images; needs the same memory for any number of them.

    Args:
        gates: of the network.
        batches: of raw images, (n, H, W, channels), with their labels or None.
        images: how many they hold together.
        class_names: of the labels.
    """
    found: list[list[GateStatistics]] = []
    for batch, labels in batches:
        for place, applications in enumerate(gates.recurrence(batch)):
            if place == len(found):
                classes = max(len(class_names), 1)
                found.append([GateStatistics(images, classes) for _ in applications])
            for statistics, v in zip(found[place], applications, strict=True):
                statistics.add(v, labels)
    return GateStudy(gates, images, class_names, found)


def _all(gates, constant=""):
    if gates == 1:
        return "the only gate is a constant" if constant else "the only gate moves"
    return f"all {gates} gates {'are constants' if constant else 'move'}"
