"""What a search says of its best trial beside the next best."""

import pytest

from ras_keras.text.numbers import accuracy, counted
from ras_keras.tuning.trials import best_row, doubt


def row(trial, mean, sd=None, n=1):
    return {"trial": trial, "val_accuracy": mean, "n": n} | ({} if sd is None else {"sd": sd})


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ([row(1, 0.9)], None),
        ([row(1, 0.9), {"trial": 2}], None),
        ([row(1, 0.9), row(2, 0.8)], "n = 1: differences below the spread"),
        ([row(1, 0.9, 0.0, 2), row(2, 0.8, 0.0, 2)], None),
        ([row(1, 0.9, 0.01, 4), row(2, 0.95, 0.01, 4), row(3, 0.93, 0.01, 4)], None),
        (
            [row(1, 0.9, 0.01, 2), row(2, 0.91, 0.01, 2)],
            "within noise: trial 1 is 1.00 points behind, and two standard errors of the "
            "difference are 2.00",
        ),
        ([row(1, 0.9, 0.0, 2), row(2, 0.9, 0.0, 2)], "trial 2 is exactly as good"),
        ([row(1, 0.9), row(2, 0.9)], "trial 2 is exactly as good"),
    ],
)
def test_doubt(table, says):
    found = doubt(table, best_row(table))
    assert (found is None) == (says is None)
    assert (says or "") in (found or "")


def test_numbers_in_words():
    assert [counted(number, "epoch") for number in (0, 1, 1200)] == [
        "0 epochs",
        "1 epoch",
        "1,200 epochs",
    ]
    assert accuracy(0.971) == "97.10 %"
    assert accuracy(0.971, 0.003, 3) == "97.10 % (sd 0.30, n = 3)"
