"""The picture of a search."""

from dataclasses import replace

import pytest
from matplotlib.colors import to_hex

from ras_keras.training import RECIPES
from ras_keras.tuning import picture
from ras_keras.tuning.domains import Choices, Range
from ras_keras.tuning.space import Space

SPACE = Space(
    RECIPES["quick"],
    {
        "attention": Choices(("ras:k=2,connection=batch_norm", "none")),
        "k": Choices((1, 2)),
        "learning_rate": Range(0.01, 0.3, log=True, integer=False),
    },
)
TABLE = [
    {"trial": 1, "epochs": 1, "val_accuracy": 0.5, "attention": "none", "learning_rate": 0.02},
    {"trial": 2, "epochs": 1, "attention": "none", "learning_rate": 0.2},
    *(
        {"trial": 2 + k, "epochs": epochs, "val_accuracy": 0.6 + k / 10, "k": k}
        | {"attention": "ras:k=2,connection=batch_norm", "learning_rate": 0.1}
        for k, epochs in ((1, 1), (2, 3))
    ),
]


@pytest.fixture
def figure(monkeypatch, tmp_path):
    figures, draw_it = [], picture.drawn
    monkeypatch.setattr(picture, "drawn", lambda *a: figures.append(draw_it(*a)) or figures[0])
    picture.plot_search(TABLE, TABLE[-1], SPACE, tmp_path / "search.png")
    assert (tmp_path / "search.png").is_file()
    return figures[0]


def points(axes):
    """Place, size and colour of the trials in a panel."""
    (dots,) = axes.collections
    offsets = dots.get_offsets().tolist()
    colours = map(to_hex, dots.get_facecolors())
    return sorted(zip(map(tuple, offsets), dots.get_sizes(), colours, strict=True))


def test_a_panel_a_value_and_a_star_for_the_best(figure):
    attention, k, rate = figure.axes
    assert [axes.get_xlabel() for axes in figure.axes] == [
        *("attention", "k, applications of the transform", "learning rate"),
    ]
    places = [place for place, _, _ in points(k)]
    assert places == [pytest.approx((0, 70)), pytest.approx((1, 80))]
    assert len(points(attention)) == len(points(rate)) == 3
    for axes in figure.axes:
        sizes = {size: place for place, size, _ in points(axes)}
        assert len(sizes) == 2 and sizes[max(sizes)][1] == pytest.approx(80)
        assert len({colour for *_, colour in points(axes)}) == 2
    assert [label.get_text() for label in attention.get_xticklabels()] == [
        *("ras:k=2,\nconnection=batch_norm", "none"),
    ]


def test_one_value_and_one_length(tmp_path):
    space = replace(SPACE, domains={"k": Choices((1, 2))})
    table = [row | {"epochs": 1} for row in TABLE]
    picture.plot_search(table, table[-1], space, tmp_path / "search.png")
    assert (tmp_path / "search.png").is_file()
