"""A table as Markdown."""

import pandas as pd

from ras_keras.text.markdown import code, escaped, table

DATASETS = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "stl10": "STL-10"}
# A column's heading and the form of its values.
FORMS = {
    "scale": ("run at", str),
    "group": ("group", str),
    "entry": ("row", str),
    "dataset": ("data", lambda name: DATASETS.get(name, name)),
    "n": ("n", str),
    "diverged": ("diverged", str),
    "accuracy": ("test accuracy, %", "{:.2f}".format),
    "published": ("published, %", str),
    "published_network": ("of", str),
    "difference": ("difference", "{:+.2f}".format),
    "parameters": ("parameters", "{:,.0f}".format),
    "published_parameters_million": ("published, M", str),
    "training_images_per_second": ("training images/s", "{:,.0f}".format),
    "inference_images_per_second": ("inference images/s", "{:,.0f}".format),
    "published_fps": ("published FPS", str),
    "gate_spread": ("gate spread", "{:.2g}".format),
    "gamma_alive": ("|γ| > 0.01", "{:.0%}".format),
}


def markdown(results: pd.DataFrame, recipes: bool = False) -> str:
    """The rows as a Markdown table, without the columns that are empty in all of them.

    Args:
        results: of `read_results`.
        recipes: whether a last column has the flags of `scripts/train.py`.
    """
    cells = pd.DataFrame(
        {name: _texts(results[name], form) for name, (_, form) in FORMS.items()}, dtype=str
    )
    for name in ("accuracy", "published"):
        form = FORMS[name][1]
        cells[name] = [*map(with_sd, cells[name], _texts(results[f"{name}_sd"], form))]
    missing = results["diverged"].gt(0).map({True: "diverged", False: "not run"})
    cells["accuracy"] = cells["accuracy"].where(results["accuracy"].notna(), missing)
    used = [name for name in FORMS if (results[name].notna() & ~results[name].isin(["", 0])).any()]
    cells = cells[used].map(escaped).rename(columns={name: FORMS[name][0] for name in used})
    if recipes:
        cells["recipe"] = results["recipe"].map(code)
    return table(cells)


def _texts(values: pd.Series, form) -> list[str]:
    return ["" if pd.isna(value) else form(value) for value in values]


def with_sd(value: str, sd: str) -> str:
    """Such as "94.84 ± 0.14"."""
    return f"{value} ± {sd}" if value and sd else value
