"""The curves of training runs as a picture."""

from collections.abc import Sequence
from pathlib import Path

from ras_keras.csv_files import read_rows
from ras_keras.errors import UserError
from ras_keras.training.run_folder import RunFolder

PANELS = {
    "accuracy": ("accuracy", "accuracy", "linear"),
    "loss": ("loss", "cross-entropy in nats", "log"),
    "gate_spread": ("gate spread", "deviation of V over images", "linear"),
}


def plot_curves(runs: Sequence[RunFolder], file: Path) -> None:
    """Draws accuracy, loss and gate spread of one or more runs, a colour a run.

    Raises:
        UserError: if a run has not finished an epoch.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.5 * len(PANELS), 4), layout="constrained")
    figure.get_layout_engine().set(wspace=0.06)
    panels = figure.subplots(1, len(PANELS))
    for number, run in enumerate(runs):
        columns = _columns(run)
        for axes, (name, _) in zip(panels, PANELS.items(), strict=True):
            for prefix, style in (("", "--"), ("val_", "-"), ("test_", ":")):
                if prefix + name in columns:
                    axes.plot(
                        columns["epoch"],
                        columns[prefix + name],
                        # The gate's spread has no training and held-out form of its own.
                        "-" if name == "gate_spread" else style,
                        color=f"C{number}",
                        marker=".",
                        label=f"{run.path.name}: {_WHERE[prefix]}",
                    )
    for axes, (title, label, scale) in zip(panels, PANELS.values(), strict=True):
        axes.set(title=title, xlabel="epoch", ylabel=label, yscale=scale)
        axes.grid(alpha=0.3)
    panels[0].legend(fontsize=8, loc="lower right")
    figure.savefig(file, dpi=150)


_WHERE = {"": "training", "val_": "held out", "test_": "test"}


def _columns(run: RunFolder) -> dict[str, list[float]]:
    file = run.file("metrics.csv")
    if not file.is_file():
        raise UserError(f"{file} is missing; the run has not finished an epoch.")
    rows = read_rows(file)
    return {name: [row[name] for row in rows if row[name] is not None] for name in rows[0]}
