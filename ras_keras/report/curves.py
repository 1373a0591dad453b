"""The curves of training runs as a picture."""

from collections.abc import Sequence
from pathlib import Path

from ras_keras.literal import label
from ras_keras.training.run_folder import RunFolder

PANELS = {
    "accuracy": ("accuracy", "accuracy", "linear"),
    "loss": ("loss", "cross-entropy in nats", "log"),
    "gate_spread": ("gate spread", "deviation of V over images", "linear"),
}


def plot_curves(runs: Sequence[tuple[RunFolder, Sequence[dict]]], file: Path) -> None:
    """Draws accuracy, loss and gate spread of one or more runs, a colour a run.

    Args:
        runs: each with the rows of its metrics.csv.
        file: of the picture.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.5 * len(PANELS), 4), layout="constrained")
    figure.get_layout_engine().set(wspace=0.06)
    panels = figure.subplots(1, len(PANELS))
    for number, (run, rows) in enumerate(runs):
        for axes, (name, _) in zip(panels, PANELS.items(), strict=True):
            for prefix, style in (("", "--"), ("val_", "-"), ("test_", ":")):
                points = [
                    (row["epoch"], row[prefix + name])
                    for row in rows
                    if row.get(prefix + name) is not None
                ]
                if points:
                    axes.plot(
                        *zip(*points, strict=True),
                        # The gate's spread has no training and held-out form of its own.
                        "-" if name == "gate_spread" else style,
                        color=f"C{number}",
                        marker=".",
                        label=f"{label(run.path.resolve().name)}: {_WHERE[prefix]}",
                    )
    for axes, (title, unit, scale) in zip(panels, PANELS.values(), strict=True):
        axes.set(title=title, xlabel="epoch", ylabel=unit, yscale=scale)
        axes.grid(alpha=0.3)
    panels[0].legend(fontsize=8, loc="lower right")
    figure.savefig(file, dpi=150)


_WHERE = {"": "training", "val_": "held out", "test_": "test"}
