"""The pictures of a table."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from ras_keras.files import write_atomically
from ras_keras.papers.markdown import DATASETS
from ras_keras.papers.records import RunRecord
from ras_keras.plots.picture import SAVED, drawn, whole_numbers
from ras_keras.text.picture import LONGEST_TITLE, literal, wrapped

PICTURES = ("k", "parameters", "speed", "curves", "gates")
SPREAD = "gate spread\n(deviation of V over images)"
ACCURACY = "test accuracy, %\n(mean, bar: standard deviation)"
# From the first to the last bar at the same k.
APART = 0.2
# A spread of 0 is drawn at the lower end of its scale.
LEAST_SPREAD = 1e-9
# Bars of more gates than that would hide each other.
FEW_GATES = 9


def write_pictures(
    results: pd.DataFrame, records: Mapping[str, Sequence[RunRecord]], stem: Path
) -> list[Path]:
    """Draws what a table's rows have figures for, and returns the files.

    Args:
        results: of `read_results`.
        records: of runs, by the column recipe of their row.
        stem: of the files, such as results/table2; "-k.png" and so on is added.
    """
    done = results[results["accuracy"].notna()]
    if done.empty:
        return []
    done = named(done)
    figures = {
        "k": _at_several_depths(done),
        "parameters": _accuracy(done, "million", "trainable parameters, millions"),
        "speed": _accuracy(done, "inference_images_per_second", "inference speed, images/s"),
        "curves": _curves(_of_runs(done, records, RunRecord.metrics)),
        "gates": _gates(_of_runs(done, records, RunRecord.gates)),
    }
    title = f"{wrapped(done['title'].iloc[0], 90)}\n{literal(_runs(done), LONGEST_TITLE)}"
    files = []
    for name in PICTURES:
        if figures[name] is not None:
            figure = drawn(*figures[name], title, log={SPREAD})
            files.append(stem.with_name(f"{stem.name}-{name}.png"))
            write_atomically(files[-1], lambda file, figure=figure: figure.savefig(file, **SAVED))
    return files


def named(results: pd.DataFrame) -> pd.DataFrame:
    """The rows with their names as they stand in pictures, and the ends of their bars."""
    entries = results["entry"].str.replace(r",\s*", ", ", regex=True)
    data = results["dataset"].map(lambda name: DATASETS.get(name, name))
    sd = results["accuracy_sd"].astype(float).fillna(0)
    return results.assign(
        data=data.map(literal),
        network=results["group"].map(literal),
        row=[wrapped(entry, 40) for entry in entries],
        panel=[wrapped(title, 34) for title in data + ", " + results["group"]],
        million=results["parameters"] / 1e6,
        low=results["accuracy"] - sd,
        high=results["accuracy"] + sd,
    )


def _runs(done: pd.DataFrame) -> str:
    """How many runs the picture rests on, and at what scale."""
    few, many = done["n"].min(), done["n"].max()
    runs = f"n = {few} a row" if few == many else f"n = {few} to {many} a row"
    # A scaled-down table's title has it already.
    return "; ".join([runs, *(s for s in done["scale"].unique() if s not in done["title"].iloc[0])])


def _of_runs(
    done: pd.DataFrame,
    records: Mapping[str, Sequence[RunRecord]],
    read: Callable[[RunRecord], pd.DataFrame],
) -> pd.DataFrame:
    """What is read of all runs, beside the names of their rows."""
    tables = [
        table.assign(row=row["row"], panel=row["panel"])
        for row in done.to_dict("records")
        for record in records.get(row["recipe"], ())
        # The columns of an empty one have no types, and would take them from the others.
        if not (table := read(record)).empty
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _plot(data: pd.DataFrame, panel: str, color: str, **variables):
    """A plot with as many colours as there are names, a panel for each value of a column."""
    import seaborn.objects as so

    return so.Plot(data, color=color, **variables).facet(panel).scale(color="husl")


def _size(panels: pd.Series, height: float, width: float = 3.5) -> tuple[float, float]:
    return max(6.5, width * panels.nunique()), height


def _accuracy(done: pd.DataFrame, axis: str, label: str):
    """Accuracy against a column: a panel a data set, a colour a row, a shape a network or row."""
    import seaborn.objects as so

    done = done[done[axis].notna()]
    if done[axis].nunique() < 2:
        return None
    marker = "network" if done["network"].nunique() > 1 else "row"
    plot = (
        _plot(done, "data", "row", x=axis, y="accuracy", marker=marker)
        .add(so.Range(), ymin="low", ymax="high", legend=False)
        .add(so.Dot())
        .label(x=label, y=ACCURACY)
    )
    return plot, _size(done["data"], 4.5, width=5)


def _at_several_depths(done: pd.DataFrame):
    """Accuracy against k, of the rows whose like stands at another k as well."""
    import seaborn.objects as so

    lines = (done["group"] + ", " + done["entry"]).str.replace(r", k=\d+", "", regex=True)
    done = done.assign(line=[literal(line, LONGEST_TITLE) for line in lines])
    done = done[done.groupby(["data", "line"])["k"].transform("nunique") > 1]
    if done.empty:
        return None
    number = pd.Series(pd.factorize(done["line"])[0], done.index)
    done["beside"] = done["k"] + APART * (number / max(number.max(), 1) - 0.5)
    plot = (
        _plot(done, "data", "line", x="beside", y="accuracy", marker="line")
        .add(so.Line())
        .add(so.Range(), ymin="low", ymax="high", legend=False)
        .scale(x=whole_numbers())
        .label(x="k, applications of the transform", y=ACCURACY, color="", marker="")
    )
    return plot, _size(done["data"], 4.5, width=5)


def _curves(metrics: pd.DataFrame):
    """Training accuracy and gate spread by epoch, means over runs: a colour a row."""
    import seaborn.objects as so

    if metrics.empty:
        return None
    labels = {"accuracy": "training accuracy, %"}
    metrics["accuracy"] *= 100
    if "gate_spread" in metrics:
        metrics["gate_spread"] = metrics["gate_spread"].clip(lower=LEAST_SPREAD)
        labels["gate_spread"] = SPREAD
    plot = (
        _plot(metrics, "panel", "row", x="epoch", marker="row")
        .pair(y=[*labels])
        .add(so.Line(pointsize=4), so.Agg())
        .scale(x=whole_numbers())
        .label(**{f"y{place}": label for place, label in enumerate(labels.values())})
    )
    return plot, _size(metrics["panel"], 1 + 2.8 * len(labels))


def _gates(gates: pd.DataFrame):
    """V by stage and block, means over runs: a panel a group, a colour a row."""
    import seaborn.objects as so

    if gates.empty:
        return None
    keys = ["panel", "row", "stage", "block"]
    gates = gates.groupby(keys, sort=False)[["mean", "low", "high"]].mean().reset_index()
    gates["place"] = gates.groupby(["stage", "block"]).ngroup()
    first = gates.groupby("stage")["place"].min()
    stages = {place: f"stage {stage}" for stage, place in first.items()}
    plot = _plot(gates, "panel", "row", x="place", y="mean", marker="row")
    if gates["place"].nunique() <= FEW_GATES:
        plot = plot.add(so.Range(), so.Dodge(), ymin="low", ymax="high", legend=False)
        plot = plot.add(so.Dot(pointsize=4), so.Dodge())
    else:
        plot = plot.add(so.Band(alpha=0.1), ymin="low", ymax="high", legend=False)
        plot = plot.add(so.Line(pointsize=3))
    ticks = so.Continuous().tick(at=[*stages]).label(like=lambda place, _: stages.get(place, ""))
    plot = plot.scale(x=ticks).label(
        x="block, in the order of the network", y="gate V (mean, and\n5th to 95th percentile)"
    )
    return plot, _size(gates["panel"], 3.6)
