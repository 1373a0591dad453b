"""A small table, from its runs to its pictures, and what is left to do of it."""

import json
import re

import pytest

from ras_keras.commands import reproduce
from ras_keras.papers import study as study_module
from ras_keras.papers.scale import TRAINING_IMAGES
from ras_keras.papers.study import run_name
from ras_keras.papers.tables import TABLES, Row
from ras_keras.recipes.starts import with_attention
from ras_keras.training import RECIPES
from tests.commands.test_commands import call
from tests.few_digits import TRAINING_IMAGES as FEW

pytestmark = pytest.mark.slow

QUICK = RECIPES["quick"].replace(
    depth=11, epochs=1, batch_size=8, validation_split=0.0, schedule=()
)


class SmallTable:
    caption = "A small table"
    datasets, models = ("digits",), {"resnet"}

    def rows(self, datasets, gammas):
        wild = with_attention(QUICK, "none").replace(learning_rate=1e12)
        return [Row("resnet11", "ras", QUICK), Row("resnet11", "wild", wild)]

    def names(self):
        return [run_name(row.recipe) for row in self.rows((), ())]


@pytest.fixture
def table(few_digits, monkeypatch):
    monkeypatch.setitem(TABLES, "small", SmallTable())
    monkeypatch.setitem(TRAINING_IMAGES, "digits", FEW)
    assert study_module.TABLES is reproduce.TABLES is TABLES


def test_runs_what_is_missing_and_a_diverged_run_is_a_result(table, tmp_path, capsys):
    flags = ["--output", tmp_path / "results", "--log-dir", tmp_path / "Logs"]
    assert call("reproduce", "small", "--fraction", 0.2, *flags) == 0
    output = capsys.readouterr().out
    assert "0 of 2 runs are finished" in output
    assert "images/s: resnet11, ras, on digits, batches of 8" in output
    folder = tmp_path / "results" / "small-fraction0.2"
    ras, wild = sorted(path for path in folder.iterdir() if path.is_dir())[::-1]
    assert {path.name for path in ras.iterdir()} == {
        *("recipe.json", "metrics.csv", "gates.csv", "result.json"),
    }
    assert json.loads((ras / "recipe.json").read_text())["data"]["data_dir"] is None
    assert "diverged.json" in {path.name for path in wild.iterdir()}
    text = (tmp_path / "results" / "small-fraction0.2.md").read_text()
    assert "scaled down: 20 % of the training images" in text.splitlines()[0]
    assert text.count("| 20 % of the training images |") == 2
    assert re.search(r"^\| .*\| wild .*\| diverged +\|", text, re.MULTILINE)
    assert (tmp_path / "Logs" / "small-fraction0.2" / ras.name / "final.keras").is_file()

    (ras / "result.json").unlink()
    assert call("reproduce", "small", "--fraction", 0.2, *flags) == 0
    output = capsys.readouterr().out
    assert "1 of 2 runs are finished" in output
    assert (ras / "result.json").is_file()
    assert call("reproduce", "small", "--fraction", 0.2, *flags) == 0
    assert "2 of 2 runs are finished" in capsys.readouterr().out


def test_workers_run_what_is_missing(table, tmp_path, capsys, monkeypatch):
    pytest.importorskip("ray")
    monkeypatch.setattr(reproduce, "report_table", lambda folder: [])
    flags = ["--output", tmp_path / "results", "--log-dir", tmp_path / "Logs"]
    assert call("reproduce", "small", "--fraction", 0.2, *flags, "--workers", 2) == 0
    output = capsys.readouterr().out
    ras, wild = SmallTable().names()
    assert f"run 1 of 2: {ras}\nrun 2 of 2: {wild}\n" in output
    assert re.search(rf"^{ras}: test accuracy [\d.]+ %$", output, re.MULTILINE)
    assert f"\n{wild}: diverged: loss became " in output
    assert "\n1 of 2 runs done, about " in output and "\n2 of 2 runs done, about 0 s left" in output
    assert "epoch 1/1" not in output
    folder = tmp_path / "Logs" / "small-fraction0.2"
    assert "epoch 1/1  loss" in (folder / f"{ras}.log").read_text()
    assert (tmp_path / "results" / "small-fraction0.2" / ras / "result.json").is_file()
    assert (tmp_path / "results" / "small-fraction0.2" / wild / "diverged.json").is_file()


def test_a_dry_run_needs_nothing_and_leaves_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "nowhere"))
    assert call("reproduce", "table1", "--dry-run", "--output", tmp_path / "results") == 0
    output = capsys.readouterr().out
    assert "RAS and its rivals (RAS arXiv 2210.15676, Table 1)" in output
    assert "cifar10-resnet164-none-s0: unknown" in output or "no-attention-s0: unknown" in output
    assert "48 runs, 0 of them finished" in output
    assert "unknown for 48 of them" in output
    assert list(tmp_path.iterdir()) == []


def test_unknown_tables_are_listed(capsys):
    assert call("reproduce", "table9", "--dry-run") == 2
    message = capsys.readouterr().err
    assert message.startswith("error: the table must be one of table1, table2, table3, fig2")
    assert message.count("\n") == 1


def test_no_write_permission(table, tmp_path, capsys):
    (tmp_path / "results").write_text("a file, where a folder should be")
    flags = ["--output", tmp_path / "results", "--log-dir", tmp_path / "Logs"]
    assert call("reproduce", "small", *flags) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: ") and "results" in message and message.count("\n") == 1
