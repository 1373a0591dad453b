"""Pictures of what attention does to training: gradients by epoch, and gates by earlier gates."""

from collections.abc import Mapping, Sequence

import numpy as np

from ras_keras.text.picture import LONGEST_TITLE, literal


def gradient_picture(runs: Mapping[str, Sequence[Mapping]]):
    """The norms of each stage's gradient by epoch, a panel a stage and a line a run.

    Args:
        runs: rows of gradients.csv by the names of runs.

    Returns:
        A matplotlib Figure.
    """
    from matplotlib.figure import Figure

    stages = sorted({row["stage"] for rows in runs.values() for row in rows})
    figure = Figure(figsize=(4 * len(stages), 3.6), layout="constrained")
    panels = figure.subplots(1, len(stages), sharey=True, squeeze=False)[0]
    for number, (name, rows) in enumerate(runs.items()):
        for axes, stage in zip(panels, stages, strict=True):
            drawn = [(row["epoch"], row["norm"]) for row in rows if row["stage"] == stage]
            style = {"color": f"C{number % 10}", "linestyle": ("-", "--", ":")[number // 10 % 3]}
            axes.plot(*zip(*drawn, strict=True), marker=".", label=literal(name), **style)
    for axes, stage in zip(panels, stages, strict=True):
        axes.set(title=f"stage {stage}", xlabel="epoch", yscale="log")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("L2 norm of the gradient")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", fontsize=8)
    return figure


def importance_picture(stages: Mapping[int, np.ndarray], title: str):
    """The importances of earlier gates, a panel a stage.

    Args:
        stages: of `importances`, by the stage.
        title: of the picture.

    Returns:
        A matplotlib Figure.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.6 * len(stages) + 0.8, 3.8), layout="constrained")
    panels = figure.subplots(1, len(stages), squeeze=False)[0]
    for axes, (stage, found) in zip(panels, stages.items(), strict=True):
        drawn = axes.imshow(found, vmin=0, vmax=1, cmap="viridis")
        numbers = np.arange(len(found))
        axes.set(title=f"stage {stage}", xlabel="from gate", xticks=numbers, yticks=numbers)
        axes.set_xticklabels(numbers + 1)
        axes.set_yticklabels(numbers + 1)
    panels[0].set_ylabel("of gate")
    figure.colorbar(drawn, ax=panels, label="importance")
    figure.suptitle(literal(title, LONGEST_TITLE), fontsize=10)
    return figure
