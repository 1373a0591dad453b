"""The pictures of a table."""

import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

from ras_keras.files import write_atomically
from ras_keras.papers.markdown import DATASETS
from ras_keras.papers.records import Record
from ras_keras.text.picture import LONGEST_TITLE, literal, wrapped

# Okabe and Ito's colours, which the colour-blind tell apart; shapes tell them apart in print.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
MARKERS = "os^Dv<>PX*"
LINES = ("-", "--", "-.", ":")
PICTURES = ("k", "parameters", "speed", "curves", "gates")
AXES = {
    "parameters": "trainable parameters, millions",
    "inference": "inference speed, images/s",
    "k": "k, applications of the transform",
}


def write_pictures(
    rows: Sequence[dict], records: Callable[[dict], list[Record]], stem: Path
) -> list[Path]:
    """Draws what a table's rows have figures for, and returns the files.

    Args:
        rows: of `read_results`.
        records: the records of a row's runs.
        stem: of the files, such as results/table2; "-k.png" and so on is added.
    """
    done = [row for row in rows if row["accuracy"] is not None]
    if not done:
        return []
    figures = {}
    if deeper := _at_several_depths(done):
        figures["k"] = _accuracy(deeper, "k", lambda row: row["k"])
    if len({row["parameters"] for row in done}) > 1:
        figures["parameters"] = _accuracy(done, "parameters", lambda row: row["parameters"] / 1e6)
    if timed := [row for row in done if row["inference_images_per_second"] is not None]:
        figures["speed"] = _accuracy(
            timed, "inference", lambda row: row["inference_images_per_second"]
        )
    figures["curves"] = _curves(done, records)
    figures["gates"] = _gates(done, records)
    files = []
    for name, figure in figures.items():
        if figure is not None:
            title = wrapped(rows[0]["title"], 90)
            runs = literal(_runs(done), LONGEST_TITLE)
            figure.suptitle(f"{title}\n{runs}", fontsize=10)
            files.append(stem.with_name(f"{stem.name}-{name}.png"))
            write_atomically(files[-1], lambda file, figure=figure: figure.savefig(file, dpi=150))
    return files


def _runs(rows) -> str:
    """How many runs the picture rests on, and at what scale."""
    counts = sorted({row["n"] for row in rows})
    runs = f"n = {counts[0]}" if len(counts) == 1 else f"n = {counts[0]} to {counts[-1]}"
    scales = dict.fromkeys(row["scale"] for row in rows)
    # A scaled-down table's title has it already.
    return "; ".join([f"{runs} a row", *(s for s in scales if s not in rows[0]["title"])])


def _groups(rows) -> dict[tuple[str, str], list[dict]]:
    """Rows by data set and group."""
    found = {}
    for row in rows:
        found.setdefault((row["dataset"], row["group"]), []).append(row)
    return found


def _at_several_depths(rows) -> list[dict]:
    """The rows whose like stands at another k as well."""
    depths = {}
    for row in rows:
        if row["k"]:
            depths.setdefault((row["dataset"], _series_at_k(row)), set()).add(row["k"])
    return [row for row in rows if len(depths.get((row["dataset"], _series_at_k(row)), ())) > 1]


def _figure(columns: int, rows: int = 1, width: float = 5.5, height: float = 4.2):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(max(7.5, width * columns), 0.8 + height * rows), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def _accuracy(rows, axis: str, x: Callable[[dict], float]):
    """Accuracy against something: a panel a data set, a colour and a shape a group."""
    datasets = list(dict.fromkeys(row["dataset"] for row in rows))
    series = _series_at_k if axis == "k" else lambda row: row["group"]
    names = list(dict.fromkeys(map(series, rows)))
    figure, panels = _figure(len(datasets))
    for panel, dataset in zip(panels[0], datasets, strict=True):
        for number, name in enumerate(names):
            group = [row for row in rows if (row["dataset"], series(row)) == (dataset, name)]
            if not group:
                continue
            # Side by side, where several groups have the same k.
            shift = 0.06 * (number - (len(names) - 1) / 2) if axis == "k" else 0
            panel.errorbar(
                [x(row) + shift for row in group],
                [row["accuracy"] for row in group],
                [row["accuracy_sd"] or 0 for row in group],
                **_style(number, joined=axis == "k"),
                label=literal(name),
            )
            if axis != "k":
                for row in group:
                    panel.annotate(
                        literal(row["entry"]),
                        (x(row), row["accuracy"]),
                        (5, 4),
                        textcoords="offset points",
                        fontsize=7,
                        color=COLORS[number % len(COLORS)],
                    )
        panel.set(
            title=literal(DATASETS.get(dataset, dataset)),
            xlabel=AXES[axis],
            ylabel="test accuracy, % (mean, bar: standard deviation)",
        )
        panel.margins(x=0.12)
        if axis == "k":
            panel.set_xticks(sorted({row["k"] for row in rows}))
        panel.grid(alpha=0.3)
    if len(names) > 1:
        panels[0][-1].legend(fontsize=8)
    return figure


def _series_at_k(row) -> str:
    """What a row is but for its k, such as "ResNet164, ras, default form"."""
    parts = f"{row['group']}, {row['entry']}".split(", ")
    return ", ".join(part for part in parts if not part.startswith("k="))


def _style(number: int, joined: bool) -> dict:
    return {
        "color": COLORS[number % len(COLORS)],
        "marker": MARKERS[number % len(MARKERS)],
        "linestyle": LINES[number % len(LINES)] if joined else "none",
        "capsize": 3,
        "markersize": 6,
    }


def _curves(rows, records):
    """Training accuracy and gate spread by epoch: a panel a group, a line a row."""
    groups = _groups(rows)
    if not any(records(row) for row in rows):
        return None
    quantities = {"accuracy": "training accuracy, %"}
    if any(row["gate_spread"] is not None for row in rows):
        quantities["gate_spread"] = "gate spread (deviation of V over images)"
    figure, panels = _figure(len(groups), len(quantities), width=4.2, height=3.4)
    for line, (quantity, label) in zip(panels, quantities.items(), strict=True):
        for panel, ((dataset, name), group) in zip(line, groups.items(), strict=True):
            for number, row in enumerate(group):
                epochs, values = _by_epoch(records(row), quantity)
                style = _style(number, joined=True) | {"markersize": 4}
                del style["capsize"]
                if epochs:
                    panel.plot(epochs, values, **style, label=literal(row["entry"]))
            title = f"{DATASETS.get(dataset, dataset)}, {name}"
            panel.set(title=wrapped(title, 34), xlabel="epoch", ylabel=label)
            panel.title.set_fontsize(9)
            if quantity == "gate_spread" and panel.lines:
                panel.set_yscale("log")
            panel.xaxis.get_major_locator().set_params(integer=True)
            panel.grid(alpha=0.3)
    # The first panel that has lines: a group's runs may be missing.
    next(panel for panel in panels[0] if panel.lines).legend(fontsize=7)
    _share_limits(panels)
    return figure


def _by_epoch(records, quantity):
    """The mean over runs of a column of metrics.csv, for each epoch that any of them has."""
    found = {}
    for record in records:
        for row in record.metrics():
            if row.get(quantity) is not None:
                found.setdefault(int(row["epoch"]), []).append(row[quantity])
    factor = 100 if quantity == "accuracy" else 1
    return list(found), [factor * statistics.fmean(values) for values in found.values()]


def _gates(rows, records):
    """V by stage and block: a panel a group, a colour a row."""
    groups = {
        key: [(row, gates) for row in group if (gates := _mean_gates(records(row)))]
        for key, group in _groups(rows).items()
    }
    groups = {key: group for key, group in groups.items() if group}
    if not groups:
        return None
    figure, panels = _figure(len(groups), width=4.2, height=3.8)
    for panel, ((dataset, name), group) in zip(panels[0], groups.items(), strict=True):
        for number, (row, gates) in enumerate(group):
            shift = 0.6 * ((number + 0.5) / len(group) - 0.5)
            mean = [gate["mean"] for gate in gates.values()]
            below = [gate["mean"] - gate["low"] for gate in gates.values()]
            above = [gate["high"] - gate["mean"] for gate in gates.values()]
            panel.errorbar(
                [place + shift for place in range(len(gates))],
                mean,
                [below, above],
                **_style(number, joined=False) | {"markersize": 4},
                label=literal(row["entry"]),
            )
        title = f"{DATASETS.get(dataset, dataset)}, {name}"
        panel.set_title(wrapped(title, 34), fontsize=9)
        panel.set_ylabel("gate V (mean, bar: 5th to 95th percentile)")
        places = list(group[0][1])
        step = max(1, len(places) // 9)
        panel.set_xticks(
            range(0, len(places), step),
            [f"stage {stage}\nblock {block}" for stage, block in places[::step]],
            fontsize=7,
        )
        panel.grid(alpha=0.3, axis="y")
    panels[0][0].legend(fontsize=7)
    _share_limits(panels)
    return figure


def _mean_gates(records) -> dict[tuple[int, int], dict]:
    """Mean, low and high of V by stage and block, the mean over runs."""
    found = {}
    for record in records:
        for gate in record.gates():
            found.setdefault((gate["stage"], gate["block"]), []).append(gate)
    return {
        place: {
            name: statistics.fmean(gate[name] for gate in gates) for name in ("mean", "low", "high")
        }
        for place, gates in sorted(found.items())
    }


def _share_limits(panels):
    """Gives the panels of a line one scale, so that they can be compared."""
    for line in panels:
        drawn = [panel for panel in line if panel.lines]
        low = min((panel.get_ylim()[0] for panel in drawn), default=0)
        high = max((panel.get_ylim()[1] for panel in drawn), default=1)
        for panel in drawn:
            # On a scale of ratios the ends of one panel's range are close to its points.
            margin = 1.5 if panel.get_yscale() == "log" else 1
            panel.set_ylim(low / margin, high * margin)
