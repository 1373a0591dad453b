"""Runs that differ in attention, beside what attention costs, as a table and a picture."""

import csv
from collections.abc import Sequence
from pathlib import Path

from ras_keras.errors import UserError, first_line
from ras_keras.report.attention_cost import network_key
from ras_keras.training.run_folder import RunFolder

COLUMNS = {
    "model": "network",
    "attention": "attention",
    "parameters": "parameters",
    "mflops": "MFLOPs",
    "accuracy": "test accuracy, %",
    "training": "training speed",
    "inference": "inference speed",
}
PANELS = {
    "accuracy": "test accuracy in %",
    "training": "training speed, plain = 1",
    "inference": "inference speed, plain = 1",
}


def attention_rows(runs: Sequence[RunFolder], costs: Sequence[Path]) -> list[dict]:
    """A row for each run, with the cost of its network and attention.

    Args:
        runs: finished ones.
        costs: files that `benchmark.py attention --output` wrote.

    Raises:
        UserError: if a run is not finished, or no file has its network's cost.
    """
    known = {}
    for file in costs:
        for row in _read(file):
            known[row["model"], row["network"]] = row
    rows = []
    for run in runs:
        recipe = run.read_recipe()
        key = recipe.model, network_key(recipe.network_arguments())
        result = run.read_result()
        if key not in known:
            raise UserError(
                f"{run.path}: no file of --costs has {recipe.model} of depth {recipe.depth} with "
                f"{recipe.describe_attention()}; measure it by benchmark.py attention --output."
            )
        cost = known[key]
        rows.append(
            {
                "setting": f"{recipe.dataset}, {result['training_images']:,} training images, "
                f"{result['epochs']} epochs, seed {recipe.seed}, a run each",
                "model": f"{recipe.model}{recipe.depth}",
                "attention": recipe.describe_attention(),
                "parameters": result["trainable_parameters"],
                "mflops": int(cost["flops"]) / 1e6,
                "accuracy": 100 * result["best"]["test_accuracy"],
                "training": float(cost["training_ratio_median"]),
                "inference": float(cost["inference_ratio_median"]),
            }
        )
    return rows


def _read(file):
    try:
        with file.open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        for row in rows:
            for name in ("flops", "training_ratio_median", "inference_ratio_median"):
                float(row[name])
            if not (row["model"] and row["network"]):
                raise ValueError("a row without a network")
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise UserError(
            f"--costs {file} is no file of benchmark.py attention ({first_line(error)}); measure "
            "anew with --output."
        ) from error
    return rows


def markdown(rows: Sequence[dict]) -> str:
    """The rows as a Markdown table."""
    formats = {
        "parameters": "{:,}",
        "mflops": "{:.2f}",
        "accuracy": "{:.2f}",
        "training": "{:.2f}",
        "inference": "{:.2f}",
    }
    lines = [list(COLUMNS.values()), ["---"] * len(COLUMNS)]
    lines += [[formats.get(name, "{}").format(row[name]) for name in COLUMNS] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def plot_attention(rows: Sequence[dict], file: Path) -> None:
    """Draws accuracy and relative speed of each attention, a colour and a mark for a network."""
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(row["attention"] for row in rows))
    models = list(dict.fromkeys(row["model"] for row in rows))
    figure = Figure(figsize=(4 * len(PANELS), 1.2 + 0.35 * len(names)), layout="constrained")
    panels = figure.subplots(1, len(PANELS), sharey=True)
    for number, model in enumerate(models):
        of_model = [row for row in rows if row["model"] == model]
        places = [names.index(row["attention"]) + 0.15 * number for row in of_model]
        for axes, name in zip(panels, PANELS, strict=True):
            values = [row[name] for row in of_model]
            axes.plot(values, places, "os^D"[number % 4], color=f"C{number}", label=model)
    for axes, label in zip(panels, PANELS.values(), strict=True):
        axes.set(xlabel=label)
        axes.grid(alpha=0.3)
    for axes in panels[1:]:
        axes.set_xlim(left=0)
        axes.axvline(1, color="0.5", linewidth=1)
    figure.suptitle("; ".join(dict.fromkeys(row["setting"] for row in rows)), fontsize=10)
    panels[0].set_yticks(range(len(names)), names)
    panels[0].invert_yaxis()
    panels[0].legend(fontsize=8)
    figure.savefig(file, dpi=150)
