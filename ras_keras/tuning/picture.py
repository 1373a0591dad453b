"""The objective against each searched value, as a picture."""

from pathlib import Path

import pandas as pd

from ras_keras.plots.picture import SAVED, drawn
from ras_keras.text.picture import wrapped
from ras_keras.tuning.domains import Choices
from ras_keras.tuning.search import OBJECTIVE
from ras_keras.tuning.space import Space

PANELS_A_LINE = 4
# Characters that fit side by side under a panel.
WIDTH = 24
UNITS = {
    "k": "k, applications of the transform",
    "batch_size": "batch size in images",
    "depth": "depth in layers",
    "cutout": "side of the cutout in pixels",
}


def plot_search(table: list[dict], best: dict, space: Space, file: Path) -> None:
    """Draws a panel for each searched value, rows of trials.csv as points, the best as a star."""
    import seaborn.objects as so
    from matplotlib.ticker import LogLocator

    trials = pd.DataFrame(table).reindex(columns=[OBJECTIVE, "epochs", "trial", *space.domains])
    trials = trials.dropna(subset=OBJECTIVE)
    trials["percent"] = 100 * trials[OBJECTIVE]
    is_best = trials["trial"] == best["trial"]
    trials["which"] = is_best.map({True: "the best", False: "a trial"})
    scales, labels = {}, {}
    for place, (name, domain) in enumerate(space.domains.items()):
        labels[f"x{place}"] = UNITS.get(name, name.replace("_", " "))
        if isinstance(domain, Choices):
            names = {
                value: wrapped(str(value).replace(",", ", "), WIDTH) for value in domain.values
            }
            trials[name] = trials[name].map(names)
            scales[f"x{place}"] = so.Nominal(order=[*names.values()])
        elif domain.log:
            ticks = LogLocator(subs=(1, 2, 5))
            scales[f"x{place}"] = so.Continuous(trans="log").tick(ticks).label(like="{x:g}")
    if trials["epochs"].nunique() > 1:
        scales["color"] = so.Continuous("viridis").tick(at=sorted(trials["epochs"].unique()))
    plot = (
        so.Plot(trials, y="percent", marker="which", pointsize="which")
        .pair(x=[*space.domains], wrap=PANELS_A_LINE)
        .add(so.Dot(alpha=0.8, edgecolor="black"), color="epochs" if "color" in scales else None)
        .scale(
            marker=so.Nominal({"a trial": "o", "the best": "*"}),
            pointsize=so.Nominal({"a trial": 6, "the best": 18}),
            **scales,
        )
        .label(y="held-out accuracy in %", marker="", pointsize="", **labels)
    )
    lines, columns = -(-len(labels) // PANELS_A_LINE), min(PANELS_A_LINE, len(labels))
    figure = drawn(plot, (1 + 3.2 * columns, 3.6 * lines))
    for axes, domain in zip(figure.axes, space.domains.values(), strict=True):
        if isinstance(domain, Choices) and len("".join(map(str, domain.values))) > WIDTH:
            axes.tick_params(axis="x", rotation=90)
    figure.savefig(file, **SAVED)
