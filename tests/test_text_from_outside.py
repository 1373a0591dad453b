"""Text that others chose, in lines, pictures and Markdown."""

import warnings
from pathlib import PurePath

import pandas as pd
import pytest
from matplotlib.figure import Figure

from ras_keras.text.markdown import code, escaped, link, table
from ras_keras.text.picture import LONGEST, literal, wrapped
from ras_keras.text.shown import shown

NASTY = [
    "$0_$10",
    "$10_$20",
    "lr$_a$",
    r"a\$b",
    "$",
    "_x",
    "__",
    "\x1b[31mred\x07",
    "a\r\nb",
    "\udcff.png",
    "\u202egnp.exe",
    "\u2066x\u2069",
    "\x9b31m",
    "\u2028",
    "x" * 1000,
    "",
]


@pytest.mark.parametrize("text", NASTY)
def test_a_line(text):
    line = shown(text)
    line.encode()
    assert not {"\x1b", "\r", "\n", "\x07", "\x9b", "\u202e", "\u2066", "\u2028"} & {*line}
    assert shown(line) == line


def test_what_is_seen_stays():
    text = "größer 犬 👩‍👩‍👧 a b \\ می‌خواهم"
    assert shown(text) == text
    assert shown("a\x1b\u202e\udcff\n") == r"a\x1b\u202e\udcff\n"
    assert shown("a\nb\r", kept="\n") == "a\nb\\r"


@pytest.mark.filterwarnings("error")
@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("text", NASTY)
def test_a_picture(text):
    figure = Figure()
    axes = figure.subplots()
    axes.plot([0], [0], label=literal(text) or "empty")
    axes.set(title=wrapped(text, 34), xlabel=literal(text))
    axes.set_xticks([0], [literal(text)])
    (label,) = axes.legend().get_texts()
    figure.canvas.draw()
    drawn, is_formula = label._preprocess_math(label.get_text())
    assert not is_formula
    if len(text) <= LONGEST:
        assert drawn.lstrip("\u200b") == (shown(text) or "empty")
    assert len(drawn) <= LONGEST + 1


def test_a_long_name_keeps_both_ends():
    assert literal("a" + "x" * 100 + "b") == "a" + "x" * 19 + "…" + "x" * 18 + "b"
    assert len(literal("x" * 41)) == LONGEST
    assert literal("x" * LONGEST) == "x" * LONGEST


def test_markdown():
    assert escaped("a|b\\c`d`\n<script>&lt;[x](y)") == (
        r"a\|b\\c\`d\`\\n&lt;script>&amp;lt;\[x\](y)"
    )
    assert code("--k 2 <b>") == "`--k 2 <b>`"
    assert code(r"a|b`c\<d_*") == "<code>a&#124;b&#96;c&#92;&lt;d&#95;&#42;</code>"
    assert link("k", PurePath("a b/c(1)|.png")) == "[k](a%20b/c%281%29%7C.png)"
    assert table(pd.DataFrame({"|x|": ["1.0"]})) == ("| \\|x\\|   |\n|---------|\n| 1.0     |")


def test_no_warning_for_what_stands_before_an_underscore():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = Figure()
        figure.suptitle(literal("_x"))
        figure.canvas.draw()
