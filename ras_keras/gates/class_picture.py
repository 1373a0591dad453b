"""How gates differ between classes."""

from typing import TYPE_CHECKING

import numpy as np

from ras_keras.gates.pictures import PANEL_WIDTH, ColourScale, stages
from ras_keras.gates.study import GateStudy
from ras_keras.text.picture import LONGEST_TITLE, literal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# More classes are told apart by their numbers.
NAMED = 20


def class_picture(study: GateStudy, title: str) -> "Figure":
    """A picture of how V moves between classes and within them, as a matplotlib Figure.

    Above, for each gate: the deviation of V between the means of classes, within classes, and the
    share of the variance that is between them. Below, for the gate of each stage that differs
    most: the mean of V over each class, less that over all images.
    """
    from matplotlib.figure import Figure

    statistics, names = study.statistics, [*map(literal, study.class_names)]
    panels = stages(study.gates.places, [v.mean for v in statistics])
    height = 1.4 + min(0.2 * len(names), 6)
    figure = Figure(
        figsize=(max(PANEL_WIDTH * len(panels), 7) + 1, 2.8 + height), layout="constrained"
    )
    parts = figure.subfigures(2, 1, squeeze=False, height_ratios=(2.8, height))
    above, below = parts[:, 0]
    _draw_variance(above, study, panels)
    chosen = [
        max(panel.numbers, key=lambda number: statistics[number].variance_between_classes.sum())
        for panel in panels
    ]
    differences = [statistics[number].class_means - statistics[number].mean for number in chosen]
    scale = ColourScale.of_differences(
        [np.nan_to_num(values).ravel() for values in differences],
        "mean of V over the class\nless mean over all",
    )
    drawn = below.subplots(1, len(panels), squeeze=False)[0]
    for axes, number, values in zip(drawn, chosen, differences, strict=True):
        # By the class in which a channel is most open, so that the classes' channels lie together.
        peaks = np.nanargmax(values, axis=0)
        order = np.lexsort((-np.nanmax(values, axis=0), peaks))
        image = scale.draw(axes, values[:, order])
        axes.set_title(literal(study.gates.places[number].title), fontsize=9)
        axes.set_xlabel("channels, by the class of their highest V", fontsize=8)
        axes.tick_params(labelsize=8)
        if len(names) <= NAMED:
            axes.set_yticks(range(len(names)), names if axes is drawn[0] else [""] * len(names))
    drawn[0].set_ylabel("class", fontsize=8)
    scale.bar(below, image, list(drawn))
    figure.suptitle(literal(title, LONGEST_TITLE), fontsize=10)
    return figure


def _draw_variance(figure, study, panels):
    """Deviations between and within classes, and the share between them, by depth."""
    between = np.array([v.variance_between_classes.mean() for v in study.statistics])
    within = np.array([v.variance.mean() for v in study.statistics]) - between
    depth = np.arange(1, 1 + len(between))
    left, right = figure.subplots(1, 2)
    left.plot(depth, np.sqrt(np.maximum(within, 0)), "o-", color="C7", label="within classes")
    left.plot(depth, np.sqrt(between), "o-", color="C3", label="between classes")
    left.set_ylabel("deviation of V", fontsize=8)
    left.set_title("How far V moves", fontsize=9)
    left.set_ylim(bottom=0)
    left.legend(fontsize=8)
    shares = [np.nan if v.class_share is None else 100 * v.class_share for v in study.statistics]
    right.plot(depth, shares, "o-", color="C3")
    right.set_ylabel("% of the variance of V", fontsize=8)
    right.set_title("What the class explains", fontsize=9)
    right.set_ylim(-3, 103)
    for axes in (left, right):
        axes.set_xlabel("gate, in the order of the network", fontsize=8)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.3)
        for panel in panels[1:]:
            axes.axvline(panel.numbers[0] + 0.5, color="black", linewidth=0.8, linestyle=":")
