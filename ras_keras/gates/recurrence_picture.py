"""What each application of a transform does to a gate."""

from typing import TYPE_CHECKING

import numpy as np

from ras_keras.gates.pictures import PANEL_WIDTH, stages
from ras_keras.gates.statistics import CONSTANT
from ras_keras.gates.study import GateStudy
from ras_keras.text.picture import LONGEST_TITLE, literal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# So many lines have their name in the legend, evenly spaced.
NAMED = 6


def recurrence_picture(study: GateStudy, title: str) -> "Figure":
    """A picture of V after 1..k applications, as a matplotlib Figure.

    Above, for the gate of each stage that moves most: a line per channel, the mean of V over
    images.
    Below, a line per gate: the deviation of V over images, the mean over channels.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    panels = stages(study.gates.places, [v.mean for v in study.statistics])
    figure = Figure(figsize=(max(PANEL_WIDTH * len(panels), 6), 6.2), layout="constrained")
    grid = figure.subplots(2, len(panels), squeeze=False, sharex="col", sharey="row")
    colours = colormaps["viridis"]
    for (channels, spreads), stage in zip(grid.T, panels, strict=True):
        chosen = max(stage.numbers, key=lambda number: study.statistics[number].spread)
        lines = np.stack([v.mean for v in study.recurrence[chosen]])
        steps = range(1, 1 + len(lines))
        ranks = np.argsort(np.argsort(lines[-1])) / lines.shape[1]
        for line, rank in zip(lines.T, ranks, strict=True):
            channels.plot(steps, line, ".-", color=colours(0.95 * rank), linewidth=0.6)
        gate = literal(study.gates.places[chosen].title)
        channels.set_title(f"{gate}: a line per channel", fontsize=9)
        step = -(-len(stage.numbers) // NAMED)
        for place, number in enumerate(stage.numbers):
            name = f"{'block' if stage.staged else 'gate'} {stage.blocks[place]}"
            spreads.plot(
                steps,
                # A gate without any deviation is drawn at the lower end.
                [max(v.spread, CONSTANT / 100) for v in study.recurrence[number]],
                "o-",
                color=colours(0.9 * place / max(len(stage.numbers) - 1, 1)),
                markersize=4,
                linewidth=1,
                label=None if place % step else name,
            )
        spreads.axhline(CONSTANT, color="black", linestyle=":", linewidth=1, label="constant below")
        spreads.set_title(f"{stage.title}: a line per gate", fontsize=9)
        spreads.set_yscale("log")
        spreads.set_xlabel("applications of the transform", fontsize=8)
        spreads.set_xticks(steps)
        spreads.set_xlim(0.8, len(lines) + 0.2)
        spreads.legend(fontsize=7)
    for axes in grid.flat:
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.3)
    grid[0, 0].set_ylabel("mean of V over images", fontsize=8)
    grid[1, 0].set_ylabel("deviation of V over images", fontsize=8)
    figure.suptitle(literal(title, LONGEST_TITLE), fontsize=10)
    return figure
