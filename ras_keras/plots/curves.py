"""The curves of training runs as a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ras_keras.runs.run_folder import RunFolder
from ras_keras.text.picture import literal

PANELS = {
    "accuracy": ("accuracy", "accuracy", "linear"),
    "loss": ("loss", "cross-entropy in nats", "log"),
    "gate_spread": ("gate spread", "deviation of V over images", "linear"),
}


@dataclass(frozen=True)
class Curves:
    """What a run's metrics.csv has to draw.

    Attributes:
        name: of the run.
        columns: of each quantity its epochs and its values.
    """

    name: str
    columns: dict[str, tuple[list[float], list[float]]]


def read_curves(run: RunFolder) -> Curves:
    """The curves of a run.

    Raises:
        UserError: if it has not finished an epoch, or its metrics.csv is damaged.
    """
    rows = run.read_metrics()
    columns: dict[str, tuple[list[float], list[float]]] = {}
    for name in rows[0]:
        found = [(row["epoch"], row[name]) for row in rows if row[name] is not None]
        columns[name] = [epoch for epoch, _ in found], [value for _, value in found]
    # "." has no name of its own.
    return Curves(run.path.absolute().name, columns)


def plot_curves(runs: Sequence[Curves], file: Path) -> None:
    """Draws accuracy, loss and gate spread of one or more runs, a colour a run."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(figsize=(4.5 * len(PANELS), 4), layout=ConstrainedLayoutEngine(wspace=0.06))
    panels = figure.subplots(1, len(PANELS))
    for number, run in enumerate(runs):
        for axes, (name, _) in zip(panels, PANELS.items(), strict=True):
            for prefix, style in (("", "--"), ("val_", "-"), ("test_", ":")):
                if prefix + name in run.columns:
                    axes.plot(
                        *run.columns[prefix + name],
                        # The gate's spread has no training and held-out form of its own.
                        "-" if name == "gate_spread" else style,
                        color=f"C{number}",
                        marker=".",
                        label=f"{literal(run.name)}: {_WHERE[prefix]}",
                    )
    for axes, (title, label, scale) in zip(panels, PANELS.values(), strict=True):
        axes.set(title=title, xlabel="epoch", ylabel=label, yscale=scale)
        axes.grid(alpha=0.3)
    panels[0].legend(fontsize=8, loc="lower right")
    figure.savefig(file, dpi=150)


_WHERE = {"": "training", "val_": "held out", "test_": "test"}
