"""What each application of a transform does to a gate."""

from ras_keras.explain.gate_pictures import PANEL_WIDTH, stages
from ras_keras.explain.gate_study import GateStudy
from ras_keras.training.gate_statistics import CONSTANT


def recurrence_picture(study: GateStudy, title: str):
    """A picture of V after 1..k applications, as a matplotlib Figure.

    A panel for each stage, a colour for each block. Above: the mean of V over images and channels
    with its 5th to 95th percentile. Below: its deviation over images.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    panels = stages(study.gates.places, [v.mean for v in study.statistics])
    figure = Figure(figsize=(max(PANEL_WIDTH * len(panels), 6), 6), layout="constrained")
    grid = figure.subplots(2, len(panels), squeeze=False, sharex=True, sharey="row")
    for (values, spreads), stage in zip(grid.T, panels, strict=True):
        for place, (number, block) in enumerate(zip(stage.numbers, stage.blocks, strict=True)):
            applications = study.recurrence[number]
            colour = colormaps["viridis"](0.9 * place / max(len(stage.numbers) - 1, 1))
            # Side by side, so that bars do not hide each other.
            shift = 0.5 * ((place + 0.5) / len(stage.numbers) - 0.5)
            steps = [1 + shift + step for step in range(len(applications))]
            means = [float(v.mean.mean()) for v in applications]
            values.errorbar(
                steps,
                means,
                [
                    [mean - v.percentile(5) for mean, v in zip(means, applications, strict=True)],
                    [v.percentile(95) - mean for mean, v in zip(means, applications, strict=True)],
                ],
                fmt="o-",
                color=colour,
                markersize=4,
                capsize=2,
                linewidth=1,
                label=f"block {block}",
            )
            spreads.plot(
                steps,
                [max(v.spread, CONSTANT / 100) for v in applications],
                "o-",
                color=colour,
                markersize=4,
                linewidth=1,
                label=f"block {block}",
            )
        values.set_title(stage.title, fontsize=9)
        if len(stage.numbers) <= 9:
            values.legend(fontsize=7)
        spreads.set_yscale("log")
        spreads.axhline(CONSTANT, color="black", linestyle=":", linewidth=1)
        spreads.set_xlabel("applications of the transform", fontsize=8)
        for axes in (values, spreads):
            axes.set_xticks(range(1, 1 + max(len(study.recurrence[n]) for n in stage.numbers)))
            axes.tick_params(labelsize=8)
            axes.grid(alpha=0.3)
    grid[0, 0].set_ylabel("V (mean; bar: 5th to 95th percentile)", fontsize=8)
    grid[1, 0].set_ylabel("deviation of V over images", fontsize=8)
    grid[1, 0].annotate(
        "below: a constant",
        (0.02, CONSTANT),
        xycoords=("axes fraction", "data"),
        xytext=(0, -10),
        textcoords="offset points",
        fontsize=7,
    )
    figure.suptitle(title, fontsize=10)
    return figure
