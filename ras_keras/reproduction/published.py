"""What the papers report."""

import csv
from dataclasses import dataclass
from importlib.resources import files

RAS = "RAS arXiv 2210.15676"
DIANET = "DIANet arXiv 1905.10671"


@dataclass(frozen=True)
class Published:
    """A figure of a paper's table, as printed; empty where the paper has none.

    Attributes:
        source: the paper.
        table: its number there.
        backbone: the network's published name.
        attention: a name of ours.
        setting: what else is said of the row.
        dataset: a name of ours.
        parameters_million: trainable ones.
        fps: images a second in inference.
        metric: what `value` is.
        value: the figure, or "diverged".
        sd: its standard deviation.
    """

    source: str
    table: str
    backbone: str
    attention: str
    setting: str
    dataset: str
    parameters_million: str
    fps: str
    metric: str
    value: str
    sd: str


def published_results() -> list[Published]:
    """Every figure at hand, in the order of the papers."""
    file = files("ras_keras.reproduction") / "published_results.csv"
    with file.open(newline="") as stream:
        return [Published(**row) for row in csv.DictReader(stream)]
