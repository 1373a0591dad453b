"""What runs show about recurrent attention against other rows: differences, with an interval."""

import math

import pandas as pd

from ras_keras.layers.registry import NONE
from ras_keras.papers.markdown import DATASETS
from ras_keras.text.markdown import escaped, table
from ras_keras.values.options import name_of

CONFIDENCE = 0.95
# Rows that are trained alike.
ALIKE = ["scale", "group", "dataset"]


def differences(results: pd.DataFrame) -> str:
    """Test accuracy of each row with recurrent attention minus that of others trained alike.

    The interval is Welch's, of two means over seeds with deviations of their own.

    Args:
        results: of `read_results`.

    Returns:
        A Markdown table under a sentence; empty where no two rows have two seeds each.
    """
    rows = []
    for (_, group, dataset), alike in results[results["n"] >= 2].groupby(ALIKE, sort=False):
        is_ras = alike["attention"].map(name_of) == "ras"
        for _, ras in alike[is_ras].iterrows():
            for _, other in alike[~is_ras].iterrows():
                rows.append(_row(group, dataset, ras, other))
    if not rows:
        return ""
    return (
        f"Accuracy of RAS minus that of the other, in points, with Welch's {CONFIDENCE:.0%} "
        f"interval:\n\n{table(pd.DataFrame(rows))}"
    )


def _row(group, dataset, ras, other) -> dict:
    difference = ras["accuracy"] - other["accuracy"]
    margin = _margin(ras, other)
    other_name = "plain" if other["attention"] == NONE else other["attention"]
    shown = "more" if difference > margin else "less" if difference < -margin else "not shown"
    return {
        "network": escaped(group),
        "data": escaped(DATASETS.get(dataset, dataset)),
        "RAS and": escaped(other_name),
        "n": f"{ras['n']} and {other['n']}",
        "difference": f"{difference:+.2f}",
        "interval": f"{difference - margin:+.2f} to {difference + margin:+.2f}"
        if math.isfinite(margin)
        else "not estimated",
        "RAS has": shown,
    }


def _margin(first, second) -> float:
    """Half the width of Welch's interval; of runs that are all alike none can be estimated."""
    from scipy import stats

    parts = [(each["accuracy_sd"] ** 2 / each["n"], each["n"] - 1) for each in (first, second)]
    variance = sum(part for part, _ in parts)
    if variance == 0:
        return math.inf
    freedom = variance**2 / sum(part**2 / others for part, others in parts)
    return float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * math.sqrt(variance)
