"""Errors below the commands name arguments; only the commands write flags."""

import ast
import copy
import pickle
import re
from pathlib import Path

import pytest

import ras_keras
from ras_keras.commands.line.error_text import in_flags
from ras_keras.errors import Argument, ArgumentError, UserError

PACKAGE = Path(ras_keras.__file__).parent
FLAG = re.compile(r"(?<![\w-])--(no-)?[a-z]")
# Command lines that are run, stored or shown, and an answer to whoever starts a server.
COMMAND_LINES = {
    "recipes/starts.py",
    "runs/run_folder.py",
    "cluster/ray_cluster.py",
    "tuning/search.py",
    "papers/study.py",
    "papers/execution.py",
    "serving/forms.py",
    "serving/hosts.py",
}


def raised_texts(tree: ast.Module):
    """The string literals below each `raise`."""
    for each in ast.walk(tree):
        if isinstance(each, ast.Raise):
            yield from texts(each)


def texts(tree: ast.AST):
    """The string literals, docstrings apart."""
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in documentation:
            yield str(node.value)


def test_no_flag_below_the_commands():
    found = {}
    for path in PACKAGE.rglob("*.py"):
        file, tree = path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text("utf-8"))
        if not file.startswith("commands/"):
            said = raised_texts(tree) if file in COMMAND_LINES else texts(tree)
            found[file] = [text for text in said if FLAG.search(text)]
    assert {"errors.py", "data/batches.py", "recipes/values.py"} <= {*found}
    assert not {file: said for file, said in found.items() if said}


def test_the_walk_finds_flags():
    source = '"""Of --this."""\ndef f(n):\n    "And --that."\n    raise UserError(f"--size {n} is")'
    assert [*texts(ast.parse(source))] == [*raised_texts(ast.parse(source))] == ["--size ", " is"]
    assert [bool(FLAG.search(text)) for text in ("--size ", " is", "a--b")] == [True, False, False]


@pytest.mark.parametrize(
    ("argument", "python", "flag"),
    [
        (Argument("batch_size"), "`batch_size`", "--batch-size"),
        (Argument("batch_size", 5000), "batch_size=5000", "--batch-size 5000"),
        (Argument("cutmix", 0.5), "cutmix=0.5", "--cutmix 0.5"),
        (Argument("weights", Path("best.keras")), "weights='best.keras'", "--weights best.keras"),
        (Argument("mean", (0.5, 1)), "mean=(0.5, 1)", "--mean 0.5 1"),
        (Argument("download", True), "download=True", "--download"),
        (Argument("mirror", False), "mirror=False", "--no-mirror"),
    ],
)
def test_an_argument_in_a_message(argument, python, flag):
    error = UserError("with {braces}, `ticks` and ", argument, ".")
    assert str(error) == f"with {{braces}}, `ticks` and {python}."
    assert in_flags(error) == f"with {{braces}}, `ticks` and {flag}."


@pytest.mark.parametrize("again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_an_error_of_a_layer(again):
    error = again(ArgumentError.of("kernel_size", "must be odd", 4))
    assert isinstance(error, ValueError)
    assert str(error) == "`kernel_size` must be odd. Received: kernel_size=4"
    assert error.args[0] == Argument("kernel_size")
