"""Gates as heat maps: depth against channels."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from ras_keras.gates.gates import Place
from ras_keras.gates.statistics import CONSTANT
from ras_keras.gates.study import GateStudy
from ras_keras.text.picture import LONGEST_TITLE, literal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PANEL_WIDTH = 3.6
# Narrower scales of colours would show rounding.
NARROWEST = 0.02


@dataclass(frozen=True)
class ColourScale:
    """What colours stand for.

    Attributes:
        low: value of the first colour.
        high: value of the last one.
        colours: name of the map.
        label: of the bar.
    """

    low: float
    high: float
    colours: str
    label: str

    @classmethod
    def of_gates(cls, values: Sequence[np.ndarray], label: str) -> "ColourScale":
        """From the 1st to the 99th percentile of V."""
        low, high = np.percentile(np.concatenate(values), (1, 99))
        if high - low < NARROWEST:
            low, high = (low + high - NARROWEST) / 2, (low + high + NARROWEST) / 2
        return cls(low, high, "viridis", label)

    @classmethod
    def of_differences(cls, values: Sequence[np.ndarray], label: str) -> "ColourScale":
        """White for 0; what counts as a constant is nearly white."""
        high = max(np.percentile(np.abs(np.concatenate(values)), 99), 3 * CONSTANT)
        return cls(-high, high, "RdBu_r", label)

    @classmethod
    def of_deviations(cls, values: Sequence[np.ndarray], label: str) -> "ColourScale":
        """Black for 0; what counts as a constant is nearly black."""
        high = max(np.percentile(np.concatenate(values), 99), 3 * CONSTANT)
        return cls(0, high, "inferno", label)

    def draw(self, axes, values: np.ndarray):
        """Draws values, (rows, channels), as an image."""
        return axes.imshow(
            values,
            aspect="auto",
            interpolation="nearest",
            cmap=self.colours,
            vmin=self.low,
            vmax=self.high,
        )

    def bar(self, figure, image, panels: Sequence) -> None:
        """Draws the bar of an image's colours beside panels."""
        bar = figure.colorbar(image, ax=panels, extend="both" if self.low else "max", pad=0.01)
        bar.set_label(self.label, fontsize=8)
        bar.ax.tick_params(labelsize=8)


@dataclass(frozen=True)
class Stage:
    """Gates that follow each other and have as many channels.

    Attributes:
        title: in words.
        staged: whether it is a stage of a network of this package.
        numbers: of the gates in the order of the network.
        blocks: the same gates, counted in their stage.
    """

    title: str
    staged: bool
    numbers: list[int]
    blocks: list[int]


def stages(places: Sequence[Place], values: Sequence[np.ndarray]) -> list[Stage]:
    """Gates by stage, or where there are no stages by their number of channels."""
    found = []
    kinds = ((place.stage, len(v)) for place, v in zip(places, values, strict=True))
    for (stage, channels), group in groupby(enumerate(kinds), key=lambda item: item[1]):
        numbers = [number for number, _ in group]
        name = f"{channels} channels" if stage is None else f"stage {stage}, {channels} channels"
        blocks = [places[number].block for number in numbers]
        found.append(Stage(name, stage is not None, numbers, blocks))
    return found


def gate_heat_map(places: Sequence[Place], gates: Sequence[np.ndarray], title: str) -> "Figure":
    """A picture of every V of a network.

    Args:
        places: of the gates.
        gates: of each the V of one image or a mean, (C,).
        title: of the picture.

    Returns:
        A matplotlib Figure.
    """
    figure = new_figure(places, gates, lines=1)
    draw_gates(figure, places, gates, ColourScale.of_gates(gates, "gate V"), order=gates)
    figure.suptitle(literal(title, LONGEST_TITLE), fontsize=10)
    return figure


def study_heat_map(study: GateStudy, title: str) -> "Figure":
    """A picture of the means of V over images and of its deviations, as a matplotlib Figure."""
    means = [v.mean for v in study.statistics]
    deviations = [v.deviation for v in study.statistics]
    places = study.gates.places
    figure = new_figure(places, means, lines=2)
    above, below = figure.subfigures(2, 1)
    draw_gates(above, places, means, ColourScale.of_gates(means, "mean of V"), order=means)
    scale = ColourScale.of_deviations(deviations, "deviation of V\nover images")
    draw_gates(below, places, deviations, scale, order=means)
    figure.suptitle(literal(title, LONGEST_TITLE), fontsize=10)
    return figure


def new_figure(places, values, lines: int):
    """A figure for `lines` rows of heat maps."""
    from matplotlib.figure import Figure

    panels = stages(places, values)
    rows = max(len(panel.numbers) for panel in panels)
    height = lines * line_height(rows) + 0.4
    return Figure(figsize=(max(PANEL_WIDTH * len(panels), 6) + 1, height), layout="constrained")


def line_height(rows: int) -> float:
    """Inches of a row of heat maps with that many layers."""
    return 1.1 + min(0.22 * rows, 3.5)


def draw_gates(
    figure,
    places: Sequence[Place],
    values: Sequence[np.ndarray],
    scale: ColourScale,
    order: Sequence[np.ndarray],
) -> None:
    """Draws a panel for each stage, its blocks from top to bottom.

    Args:
        figure: a Figure or SubFigure.
        places: of the gates.
        values: of each gate, (C,).
        scale: of the colours.
        order: of each gate, (C,); by its mean over a stage the channels are sorted, which
            shortcuts make the same ones in all blocks of a stage.
    """
    panels = stages(places, values)
    drawn = []
    for axes, stage in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        ranks = np.argsort(np.mean([order[number] for number in stage.numbers], axis=0))
        image = scale.draw(axes, np.stack([values[number][ranks] for number in stage.numbers]))
        step = -(-len(stage.blocks) // 12)
        axes.set_yticks(range(0, len(stage.blocks), step), stage.blocks[::step])
        axes.set_title(stage.title, fontsize=9)
        axes.set_xlabel("channels, sorted by V", fontsize=8)
        axes.tick_params(labelsize=8)
        drawn.append(axes)
    drawn[0].set_ylabel("block" if panels[0].staged else "gate", fontsize=8)
    scale.bar(figure, image, drawn)
