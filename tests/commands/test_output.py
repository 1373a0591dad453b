"""What commands print is shown safely; one bad item never ends the rest."""

import contextlib
import io
import json
import sys

import pytest
from matplotlib.text import Text
from tqdm import tqdm

from ras_keras.commands import output, plot, run
from ras_keras.commands.output import safe_output
from ras_keras.errors import UserError
from ras_keras.inference.prediction_text import csv_lines, json_document, table
from ras_keras.inference.predictions import Prediction
from ras_keras.training import RECIPES, RunFolder, resolve


def stream(encoding="utf-8"):
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True, newline="")


def text_of(stream):
    return stream.buffer.getvalue().decode(stream.encoding)


@contextlib.contextmanager
def streams(encoding="utf-8"):
    out, err = stream(encoding), stream(encoding)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), safe_output():
        yield out, err


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_names_reach_no_terminal_as_they_are(encoding):
    with streams(encoding) as (out, err):
        for file in (sys.stdout, sys.stderr):
            print("model    \x1b[31mé\r\u202e\udcff", "b", file=file)
    for each in (out, err):
        shown = "\\xe9" if encoding == "ascii" else "é"
        assert text_of(each) == f"model    \\x1b[31m{shown}\\r\\u202e\\udcff b\n"


def test_bars_move_and_names_do_not():
    with (
        streams() as (out, err),
        tqdm(total=2, ncols=60, mininterval=0) as bar,
        tqdm(total=2, mininterval=0) as other,
    ):
        bar.set_description("\x1b[2J")
        bar.update()
        other.update()
        tqdm.write("notice   \x1b[2J")
    assert "notice   \\x1b[2J\n" in text_of(out)
    bars = text_of(err)
    assert bars.count("\r") > 3 and "\x1b[A" in bars and "50%" in bars
    assert "\x1b[2J" not in bars and "\\x1b[2J" in bars
    with streams() as (out, err):
        print("\rhidden")
        print("\x1b[A\rhidden", file=sys.stderr)
    assert text_of(out) == "\\rhidden\n"


def test_help_keeps_its_colours():
    with streams() as (out, _):
        with output.coloured_output():
            print("\x1b[1mbold\x1b[0m")
        print("\x1b[1m")
    assert text_of(out) == "\x1b[1mbold\x1b[0m\n\\x1b[1m\n"


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (UserError("no \nname\x1b[2J \udcff; mend it."), r"no \nname\x1b[2J \udcff; mend it."),
        (FileNotFoundError(2, "No such file", "a\nb"), r"a\nb: No such file."),
        (
            UnicodeEncodeError("utf-8", "a\udcff", 1, 2, "surrogates not allowed"),
            r"'a\udcff' is not UTF-8 in its bytes; rename it.",
        ),
    ],
)
def test_an_error_is_one_line(monkeypatch, capsys, error, says):
    def fail(arguments, program):
        raise error

    monkeypatch.setattr(plot, "main", fail)
    assert run("plot", ["x"], "plot.py") == 2
    assert capsys.readouterr().err == f"error: {says}\n"


def test_what_programs_read_stays_valid():
    names = ("\x1bé|\u202e", "\U000e0041\udcff", "a,b")
    prediction = Prediction("\udcfe\n.png", names, (0.5, 0.3, 0.2))
    for encoding in ("utf-8", "ascii"):
        with streams(encoding) as (out, _):
            sys.stdout.writelines(json_document([prediction], sys.stdout.encoding))
        (image,) = json.loads(text_of(out))
        assert image == prediction.to_json() | {"image": "\udcfe\n.png"}
        with streams(encoding) as (out, _):
            sys.stdout.writelines(table([prediction], [prediction.image], names))
        lines = text_of(out).splitlines()
        assert len(lines) == 4 and lines[1].startswith(r"\udcfe\n.png  \x1b")
        with streams(encoding) as (out, _):
            sys.stdout.writelines(csv_lines([prediction]))
        assert text_of(out).count("\n") == 1 + 2 * 3


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Runs with names that matplotlib would take for formulas or leave out."""
    monkeypatch.chdir(tmp_path)
    row = {"epoch": 1, "accuracy": 0.5, "val_accuracy": 0.4, "loss": 1.0, "gate_spread": 0.1}
    for name in ("lr$_a$", "_x", "bad", "empty"):
        folder = RunFolder.create("logs", name, RECIPES["quick"])
        folder.write_recipe(resolve(RECIPES["quick"]))
        if name != "empty":
            folder.write_metrics([row, row | {"epoch": 2, "gate_spread": None}])
    (tmp_path / "logs/bad/metrics.csv").write_text("accuracy\n0.5\n")
    return [f"logs/{name}" for name in ("lr$_a$", "bad", "_x", "empty", "no\nsuch")]


def test_a_bad_run_does_not_keep_the_others_from_the_picture(runs, capsys):
    assert run("plot", runs, "plot.py") == 1
    out, err = capsys.readouterr()
    assert out == "picture  logs/curves.png\n"
    first, second, third = err.splitlines()
    assert first.startswith("left out: logs/bad/metrics.csv does not have its columns")
    assert second.startswith("left out: logs/empty/metrics.csv is missing")
    assert third.startswith(r"left out: logs/no\nsuch is no run folder")


def test_a_single_bad_run_is_an_error(runs, capsys):
    assert run("plot", ["logs/bad"], "plot.py") == 2
    assert capsys.readouterr().err.startswith("error: logs/bad/metrics.csv")


def test_every_run_is_in_the_legend(runs, monkeypatch):
    figures = []
    monkeypatch.setattr(
        "matplotlib.figure.Figure.savefig", lambda figure, *_, **__: figures.append(figure)
    )
    assert run("plot", [runs[0], runs[2]], "plot.py") == 0
    (legend,) = figures[0].legends
    texts = {text.get_text().lstrip("\u200b") for text in legend.findobj(Text)}
    assert texts >= {r"lr\$_a\$", "_x", "training", "held out"}
