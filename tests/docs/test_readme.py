"""The README: short, and its figures those of the records."""

import re

from ras_keras.papers.results import read_results
from tests.conftest import ROOT

README = ROOT / "README.md"
RESULTS = ROOT / "results/table2-depth11-epochs4-fraction0.2-batch64.csv"


def test_it_is_short():
    """What does not fit goes to docs/."""
    lines = README.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 160
    assert max(len(line) for line in lines if not line.startswith("|")) <= 120


def test_its_results_are_those_of_the_records():
    text = README.read_text(encoding="utf-8").split("## Results")[1]
    cells = [
        [cell.strip() for cell in line.strip("|").split(" | ")[1:]]
        for line in text.splitlines()
        if line.startswith("| γ")
    ]
    expected = {"0": ([], []), "0.1": ([], [])}
    for row in read_results(RESULTS).to_dict("records"):
        start = re.fullmatch(r"resnet11, released form, γ from (\S+)", row["group"])
        if start:
            alive, accuracy = expected[start[1]]
            alive.append(f"{100 * row['gamma_alive']:.0f} %")
            accuracy.append(f"{row['accuracy']:.2f} ± {row['accuracy_sd']:.2f}")
            assert (row["n"], row["k"]) == (2, len(alive))
    assert cells == [
        *(expected[start][0] for start in ("0", "0.1")),
        *(expected[start][1] for start in ("0", "0.1")),
    ]
