"""Repeated measurements."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

STATISTICS = ("median", "low", "high")


@dataclass(frozen=True)
class Spread:
    """Repeated measurements of one quantity."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return float(np.median(self.values))

    @property
    def low(self) -> float:
        return min(self.values)

    @property
    def high(self) -> float:
        return max(self.values)

    def over(self, other: "Spread") -> "Spread":
        """The ratio to another quantity that was measured in the same rounds."""
        return Spread(tuple(a / b for a, b in zip(self.values, other.values, strict=True)))

    def columns(self, name: str) -> dict[str, float]:
        """NAME_median, NAME_low and NAME_high, to four digits, for a row of a table."""
        return {f"{name}_{each}": float(f"{getattr(self, each):.4g}") for each in STATISTICS}


def in_turn(measurements: dict[str, Callable[[], float]], rounds: int) -> dict[str, Spread]:
    """Measures several quantities alternately, every other round backwards.

    So a machine that slows down for a while slows all of them. Shows how far it is.
    """
    found = {name: [] for name in measurements}
    with tqdm(total=rounds * len(measurements), desc="timing") as bar:
        for number in range(rounds):
            order = list(measurements) if number % 2 == 0 else list(reversed(measurements))
            for name in order:
                found[name].append(measurements[name]())
                bar.update()
    return {name: Spread(tuple(values)) for name, values in found.items()}
