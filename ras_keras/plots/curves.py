"""The curves of training runs as a picture."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ras_keras.plots.picture import SAVED, drawn, whole_numbers
from ras_keras.runs.run_folder import RunFolder
from ras_keras.text.picture import literal

QUANTITIES = {
    "accuracy": "accuracy",
    "ap50": "average precision at an IoU of 0.5",
    "loss": "cross-entropy in nats",
    "detection_loss": "focal loss and error of boxes",
    "gate_spread": "gate spread (deviation of V)",
}
# The images that a column of metrics.csv is of, by its prefix, and the style of its line.
PARTS = {"": ("training", "-"), "val_": ("held out", "--"), "test_": ("test", ":")}


def read_curves(run: RunFolder) -> pd.DataFrame:
    """The curves of a run: its name, the epoch, the part of the images and the quantities.

    Raises:
        UserError: if it has not finished an epoch, or its metrics.csv is damaged.
    """
    metrics = run.read_metrics()
    if "box_loss" in metrics:
        metrics = metrics.rename(columns={"loss": "detection_loss"})
    parts = [
        metrics.reindex(columns=[f"{prefix}{name}" for name in QUANTITIES])
        .set_axis([*QUANTITIES], axis="columns")
        .assign(epoch=metrics["epoch"], part=part)
        for prefix, (part, _) in PARTS.items()
    ]
    # "." has no name of its own.
    return pd.concat(parts).assign(run=literal(run.path.absolute().name))


def plot_curves(runs: Sequence[pd.DataFrame], file: Path) -> None:
    """Draws what runs have of `QUANTITIES`: a colour a run, held-out curves dashed."""
    import seaborn.objects as so

    names = [run["run"].iloc[0] for run in runs]
    if len({*names}) < len(names):
        runs = [run.assign(run=f"{number}: " + run["run"]) for number, run in enumerate(runs, 1)]
    curves = pd.concat(runs, ignore_index=True).dropna(how="all", subset=[*QUANTITIES])
    styles = {part: style for part, style in PARTS.values() if part in {*curves["part"]}}
    # A plain network has no gates.
    labels = {name: label for name, label in QUANTITIES.items() if curves[name].notna().any()}
    plot = (
        so.Plot(curves, x="epoch", color="run", marker="run", linestyle="part")
        .pair(y=[*labels], wrap=1)
        .add(so.Line(pointsize=4))
        .scale(x=whole_numbers(), color="husl", linestyle=so.Nominal(styles))
        .label(**{f"y{place}": label for place, label in enumerate(labels.values())})
    )
    losses = {QUANTITIES[name] for name in ("loss", "detection_loss")}
    drawn(plot, (4 * len(labels), 3.8), log=losses).savefig(file, **SAVED)
