"""Differences of rows of a collection, beside SciPy's own interval of the accuracies."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ras_keras.papers.differences import differences

ACCURACIES = {
    "ras:k=2": (91.1, 91.5, 91.2),
    "none": (90.1, 90.4, 90.3),
    "se": (91.0, 91.6, 91.5),
}


def results(accuracies, **columns):
    return pd.DataFrame(
        {
            **{"scale": "30 epochs", "group": "resnet20", "dataset": "cifar10"},
            "attention": attention,
            "n": len(found),
            "accuracy": np.mean(found),
            "accuracy_sd": np.std(found, ddof=1) if len(found) > 1 else np.nan,
            **columns,
        }
        for attention, found in accuracies.items()
    )


def lines(text):
    return [[*map(str.strip, line.split("|")[1:-1])] for line in text.splitlines()[4:]]


@pytest.mark.parametrize(("other", "shown"), [("none", "more"), ("se", "not shown")])
def test_the_interval_is_welch_s(other, shown):
    text = differences(results(ACCURACIES))
    row = next(row for row in lines(text) if row[2] == {"none": "plain"}.get(other, other))
    welch = stats.ttest_ind(ACCURACIES["ras:k=2"], ACCURACIES[other], equal_var=False)
    low, high = welch.confidence_interval(0.95)
    assert row[:2] == ["resnet20", "CIFAR-10"]
    assert row[3] == "3 and 3"
    assert row[5] == f"{low:+.2f} to {high:+.2f}"
    assert row[6] == shown


def test_less_is_said_as_well():
    swapped = {"ras:k=2": ACCURACIES["none"], "none": ACCURACIES["ras:k=2"]}
    assert lines(differences(results(swapped)))[0][6] == "less"


def test_seeds_that_are_all_alike_show_nothing():
    row = lines(differences(results({"ras:k=2": (99.7, 99.7), "none": (99.4, 99.4)})))[0]
    assert row[4:] == ["+0.30", "not estimated", "not shown"]


@pytest.mark.parametrize(
    "accuracies", [{"ras:k=2": (91.0,), "none": (90.0,)}, {"se": (1.0, 2.0), "none": (1.0, 2.0)}]
)
def test_one_seed_or_no_ras_shows_nothing(accuracies):
    assert differences(results(accuracies)) == ""


def test_rows_that_are_trained_otherwise_are_not_compared():
    plain = results({"none": ACCURACIES["none"]}, scale="60 epochs")
    assert differences(pd.concat([results({"ras:k=2": ACCURACIES["ras:k=2"]}), plain])) == ""
