"""A table as Markdown."""

from collections.abc import Sequence

from ras_keras.text.markdown import code, escaped, table

HEADINGS = {
    "scale": "run at",
    "group": "group",
    "entry": "row",
    "dataset": "data",
    "n": "n",
    "diverged": "diverged",
    "accuracy": "test accuracy, %",
    "published": "published, %",
    "published_network": "of",
    "difference": "difference",
    "parameters": "parameters",
    "published_parameters_million": "published, M",
    "training_images_per_second": "training images/s",
    "inference_images_per_second": "inference images/s",
    "published_fps": "published FPS",
    "gate_spread": "gate spread",
    "gamma_alive": "|γ| > 0.01",
}
FORMATS = {
    "difference": "{:+.2f}",
    "parameters": "{:,}",
    "training_images_per_second": "{:,.0f}",
    "inference_images_per_second": "{:,.0f}",
    "gate_spread": "{:.2g}",
    "gamma_alive": "{:.0%}",
}
DATASETS = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "stl10": "STL-10"}


def markdown(rows: Sequence[dict], recipes: bool = False) -> str:
    """The rows as a Markdown table, without the columns that are empty in all of them.

    Args:
        rows: of `read_results`.
        recipes: whether a last column has the flags of `scripts/train.py`.
    """
    names = [name for name in HEADINGS if any(row[name] not in (None, "", 0) for row in rows)]
    headings = [HEADINGS[name] for name in names]
    lines = [[escaped(_cell(row, name)) for name in names] for row in rows]
    if recipes:
        headings.append("recipe")
        for line, row in zip(lines, rows, strict=True):
            line.append(code(row["recipe"]))
    return table(headings, lines)


def _cell(row, name) -> str:
    value = row[name]
    if name == "accuracy":
        return with_sd(value, row["accuracy_sd"]) if value is not None else _missing(row)
    if name == "published":
        return with_sd(value, row["published_sd"])
    if name == "dataset":
        return DATASETS.get(value, value)
    if value is None:
        return ""
    return FORMATS.get(name, "{}").format(value)


def _missing(row) -> str:
    return "diverged" if row["diverged"] else "not run"


def with_sd(value, sd) -> str:
    """Such as "94.84 ± 0.14"."""
    if value in (None, ""):
        return ""
    text = value if isinstance(value, str) else f"{value:.2f}"
    if sd in (None, ""):
        return text
    return f"{text} ± {sd if isinstance(sd, str) else format(sd, '.2f')}"
