"""The objective against each searched value, as a picture."""

from pathlib import Path

from ras_keras.text.picture import literal
from ras_keras.tuning.domains import Choices
from ras_keras.tuning.space import Space

ACCURACY = "val_accuracy"
COLUMNS = 4


def plot_search(table: list[dict], best: dict, space: Space, file: Path) -> None:
    """Draws a panel for each searched value, the trials as points and the best one as a star.

    Args:
        table: rows of trials.csv.
        best: one of them.
        space: what was searched.
        file: of the picture.
    """
    from matplotlib.figure import Figure

    done = [row for row in table if ACCURACY in row]
    columns = min(COLUMNS, len(space.domains))
    lines = -(-len(space.domains) // columns)
    figure = Figure(figsize=(1 + 3.2 * columns, 3.6 * lines), layout="constrained")
    panels = figure.subplots(lines, columns, sharey=True, squeeze=False).flat
    epochs = sorted({row["epochs"] for row in done})
    shown = None
    for axes, (name, domain) in zip(panels, space.domains.items(), strict=False):
        taking = [row for row in done if name in row]
        accuracies = [100 * row[ACCURACY] for row in taking]
        shown = axes.scatter(
            [_place(row[name], domain) for row in taking],
            accuracies,
            c=[row["epochs"] for row in taking] if len(epochs) > 1 else None,
            cmap="viridis" if len(epochs) > 1 else None,
            vmin=epochs[0] if len(epochs) > 1 else None,
            vmax=epochs[-1] if len(epochs) > 1 else None,
            alpha=0.8,
            label="a trial",
        )
        if name in best:
            axes.plot(
                _place(best[name], domain),
                100 * best[ACCURACY],
                "*",
                color="none",
                markeredgecolor="black",
                markersize=18,
                label="the best",
            )
        _scale(axes, name, domain)
    for axes in list(figure.axes)[len(space.domains) :]:
        axes.set_axis_off()
    for axes in figure.axes[::columns]:
        axes.set_ylabel("held-out accuracy in %")
    figure.axes[0].legend(fontsize=8)
    if len(epochs) > 1 and shown is not None:
        figure.colorbar(shown, ax=figure.axes, label="epochs", ticks=epochs)
    figure.savefig(file, dpi=150)


def _place(value, domain):
    """Where a value stands: choices side by side, numbers of a range at their size."""
    return domain.values.index(value) if isinstance(domain, Choices) else value


def _scale(axes, name, domain):
    axes.set_xlabel(UNITS.get(name, name.replace("_", " ")))
    axes.grid(alpha=0.3)
    if isinstance(domain, Choices):
        names = [literal(str(value)) for value in domain.values]
        crowded = sum(map(len, names)) > 20
        axes.set_xticks(range(len(names)), names, rotation=90 if crowded else 0)
        axes.set_xlim(-0.5, len(names) - 0.5)
    elif domain.log:
        axes.set_xscale("log")


UNITS = {
    "k": "k, applications of the transform",
    "batch_size": "batch size in images",
    "depth": "depth in layers",
    "cutout": "side of the cutout in pixels",
}
