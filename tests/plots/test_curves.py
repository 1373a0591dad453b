"""The curves of several runs in one picture."""

import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text

from ras_keras.plots import curves
from ras_keras.plots.curves import plot_curves, read_curves
from ras_keras.training import RunFolder


@pytest.fixture
def figure_of(monkeypatch, tmp_path):
    """From folders of runs to the Figure of their curves."""
    figures, draw = [], curves.drawn
    monkeypatch.setattr(
        curves, "drawn", lambda *a, **b: figures.append(draw(*a, **b)) or figures[0]
    )

    def figure(*names):
        plot_curves([read_curves(RunFolder(tmp_path / name)) for name in names], tmp_path / "x.png")
        return figures[0]

    return figure


@pytest.fixture
def drawn(figure_of, tmp_path):
    """The same of runs that are made up."""

    def draw(*names):
        for folder in map(tmp_path.joinpath, names):
            folder.mkdir(parents=True)
            row = {"accuracy": 0.5, "loss": 1.0, "seconds": 1.0}
            row |= {} if "plain" in folder.name else {"gate_spread": 0.1}
            held_out = {"val_accuracy": 0.4, "val_loss": 1.1} if "all" not in folder.name else {}
            rows = [{"epoch": epoch} | row | held_out for epoch in (1, 2, 3)]
            RunFolder(folder).write_metrics(rows)
        return figure_of(*names)

    return draw


def styles(axes):
    """Colour of each line of a panel, and whether it is dashed."""
    # Seaborn gives patterns, of which `get_linestyle` says "--" even where there are no gaps.
    return [
        (to_hex(line.get_color()), line._unscaled_dash_pattern[1] is not None)
        for line in axes.lines
    ]


def test_held_out_curves_are_dashed_in_the_colour_of_their_run(drawn):
    figure = drawn("one", "two", "all-images")
    accuracy, loss, spread = figure.axes
    for axes in (accuracy, loss):
        colours = [colour for colour, dashed in styles(axes) if not dashed]
        assert len({*colours}) == 3
        assert [colour for colour, dashed in styles(axes) if dashed] == colours[:2]
    assert [dashed for _, dashed in styles(spread)] == [False] * 3
    assert [axes.get_yscale() == "log" for axes in figure.axes] == [False, True, False]
    (legend,) = figure.legends
    texts = {text.get_text() for text in legend.findobj(Text)}
    assert texts >= {"one", "two", "all-images", "training", "held out"}
    assert "test" not in texts


def test_plain_networks_have_no_panel_of_gates(drawn):
    labels = [axes.get_ylabel() for axes in drawn("plain").axes]
    assert labels == ["accuracy", "cross-entropy in nats"]


def test_runs_of_one_name_are_told_apart(drawn):
    (legend,) = drawn("a/run", "b/run").legends
    texts = {text.get_text() for text in legend.findobj(Text)}
    assert texts >= {"1: run", "2: run"}


def test_detectors_have_average_precision_and_a_loss_of_their_own(figure_of, tmp_path):
    losses = {"loss": 1.0, "class_loss": 0.6, "box_loss": 0.4}
    rows = [{"epoch": epoch} | losses | {"val_ap": 0.2, "val_ap50": 0.5} for epoch in (1, 2)]
    (tmp_path / "run").mkdir()
    RunFolder(tmp_path / "run").write_metrics(rows)
    precision, loss = figure_of("run").axes
    assert precision.get_ylabel() == "average precision at an IoU of 0.5"
    assert loss.get_ylabel() == "focal loss and error of boxes"
    assert [axes.get_yscale() == "log" for axes in (precision, loss)] == [False, True]
