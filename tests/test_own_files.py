"""Every JSON and CSV file of our own, with wrong values in every place: one line that names it."""

import copy
import csv
import json
import re
from functools import partial

import numpy as np
import pytest

from ras_keras.benchmark.columns import BENCHMARK_COLUMNS
from ras_keras.benchmark.file import read_benchmark
from ras_keras.commands import run
from ras_keras.errors import UserError
from ras_keras.models import ResNet
from ras_keras.outputs.class_names import read_class_names, write_class_names
from ras_keras.papers.records import RunRecord
from ras_keras.papers.results import COLLECTION, Collection, read_results
from ras_keras.papers.study import Study
from ras_keras.runs import state
from ras_keras.runs.run_files import Starts
from ras_keras.runs.trained_model import TrainedModel
from ras_keras.training import RECIPES, RunFolder, check_recipe, resolve
from ras_keras.tuning.search import Asked
from ras_keras.values.json_files import read_json
from tests.benchmark.test_file import row_of
from tests.conftest import ROOT
from tests.papers.records import write_record
from tests.tiers import tiered

# As JSON has them; no value of any of our files is one of those.
WRONG = {
    "list": "[1, [2]]",
    "object": '{"a": {"b": 1}}',
    "NaN": "NaN",
    "infinity": "-Infinity",
    "beyond floats": "1e400",
    "beyond integers": "1" + "0" * 5000,
    "large": "100000000000000000",
    "zero": '"a\\u0000b"',
}
# These are right in some places.
TYPES = {"null": "null", "bool": "true", "text": '"x"', "integer": "-7", "number": "-0.5"}
CONTENTS = {
    "empty": b"",
    "no UTF-8": b'{"a": "\xff"}',
    "cut": b'{"epochs": ',
    "twice": b'{"epochs": 1, "epochs": 2}',
    "array": b"[]",
    "number": b"7",
    "null": b"null",
    "deep": b"[" * 100_000,
}
MARK = "the wrong value"
# At most so many of a file, evenly spaced.
PLACES = 20


def places(value, path=()):
    """Where a value stands in JSON: each key and each item of each list."""
    yield path
    if isinstance(value, dict | list):
        for name in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[name], (*path, name))


def replaced(content, path, value):
    if not path:
        return value
    content = copy.copy(content)
    content[path[0]] = replaced(content[path[0]], path[1:], value)
    return content


def refused(read, name):
    """Reads, and returns whether it was refused; in one line that names the place if it was."""
    try:
        read()
    except UserError as error:
        assert "\n" not in str(error) and len(str(error)) < 1000
        assert name in str(error)
        return True
    return False


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Each file of JSON with what reads it."""
    path = tmp_path_factory.mktemp("own")
    run = RunFolder(path)
    recipe = resolve(RECIPES["quick"])
    run.write_recipe(recipe)
    write_record(path / "records", recipe, 0.5)
    (record,) = (path / "records").iterdir()
    run.write_environment(["train"])
    Study("table2", ("cifar10",), 2).write(path)
    run.write_json(COLLECTION, {"title": "a title"})
    asked = {"algorithm": "grid", "space": {"k": "1,2"}, "seeds": 1, "recipe": recipe.to_dict()}
    run.write_json("search.json", asked)
    write_class_names(path / "model.onnx", ("cat", "dog"))
    readers = {
        path / "recipe.json": run.read_recipe,
        record / "result.json": RunFolder(record).read_result,
        path / "environment.json": lambda: read_json(path / "environment.json", Starts, "mend it"),
        path / "study.json": lambda: Study.read(path),
        path / COLLECTION: lambda: read_json(path / COLLECTION, Collection, "mend it"),
        path / "search.json": lambda: read_json(path / "search.json", Asked, "mend it"),
        path / "model.onnx.classes.json": lambda: read_class_names(path / "model.onnx"),
    }
    for read in readers.values():
        read()
    return {file.name: (file, read) for file, read in readers.items()}


NAMES = (
    *("recipe.json", "result.json", "environment.json", "study.json", "collection.json"),
    *("search.json", "model.onnx.classes.json"),
)


@pytest.mark.parametrize("name", NAMES)
def test_wrong_values_in_every_place(files, name):
    file, read = files[name]
    content = json.loads(whole := file.read_text())
    try:
        every = [*places(content)]
        for path in every[:: 1 + len(every) // PLACES]:
            right = content
            for key in path:
                right = right[key]
            text = json.dumps(replaced(content, path, MARK))
            for what, value in WRONG.items():
                file.write_text(text.replace(f'"{MARK}"', value))
                assert refused(read, str(file.parent)) or _may_be(what, right), (path, what)
            for value in TYPES.values():
                file.write_text(text.replace(f'"{MARK}"', value))
                refused(read, str(file.parent))
            if path and isinstance(path[-1], str):
                lacking = copy.deepcopy(content)
                part = lacking
                for key in path[:-1]:
                    part = part[key]
                del part[path[-1]]
                file.write_text(json.dumps(lacking))
                refused(read, str(file.parent))
    finally:
        file.write_text(whole)
    read()


def _may_be(what, right):
    """Whether a value may stand there: numbers may be big."""
    return what == "large" and isinstance(right, float)


@pytest.mark.parametrize("name", NAMES)
def test_contents_that_are_none(files, name):
    file, read = files[name]
    whole = file.read_bytes()
    try:
        for what, content in CONTENTS.items():
            file.write_bytes(content)
            assert refused(read, str(file.parent)), what
        # An editor on Windows writes a mark before the text.
        file.write_bytes(b"\xef\xbb\xbf" + whole)
        read()
        if name != "model.onnx.classes.json":
            file.unlink()
            file.mkdir()
            assert refused(read, str(file.parent))
            file.rmdir()
    finally:
        file.write_bytes(whole)


def test_unknown_and_lacking_keys_are_named(files):
    for name in ("recipe.json", "result.json", "study.json", "search.json"):
        file, read = files[name]
        content = json.loads(whole := file.read_text())
        first = next(iter(content))
        for text, said in (
            (content | {"epoch s": 3}, "'epoch s' is unknown"),
            ({key: content[key] for key in content if key != first}, f"{first} is missing"),
        ):
            file.write_text(json.dumps(text))
            with pytest.raises(UserError, match=f"{name} is damaged .*{said}"):
                read()
        file.write_text(whole)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"optimization": {"epochs": 10**14}},
            "optimization.epochs is 10+, not an integer >= 1 and <= 1,000,000",
        ),
        ({"network": {"depth": 10**9 + 1}}, "network.depth is 1000000001, not"),
        ({"network": {"attention": f"ras:k={10**14}"}}, "`k` must be at most 100"),
        ({"optimization": {"epochs": True}}, "epochs is True, not an integer"),
        ({"optimization": {"epochs": 3.0}}, "epochs is 3.0, not an integer"),
        ({"optimization": {"schedule": [1, "2"]}}, r"schedule\[1\] is '2', not an integer"),
        ({"network": {"model": "vgg"}}, "`model` must be one of"),
        ({"optimization": {"learning_rate": "0.1"}}, "learning_rate is '0.1', not a number"),
    ],
)
def test_a_recipe_that_would_hang_or_end_in_a_traceback(tmp_path, changes, says):
    ((part, values),) = changes.items()
    content = RECIPES["quick"].to_dict()
    content[part] |= values
    (tmp_path / "recipe.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match=rf"recipe.json is damaged \(.*{says}"):
        RunFolder(tmp_path).read_recipe()


def test_a_run_of_an_earlier_version_names_the_way_on(tmp_path, capsys):
    """Its recipe had no parts; its models are files like others."""
    model = tmp_path / "best.keras"
    ResNet(11).save(model)
    (tmp_path / "recipe.json").write_text(json.dumps(RECIPES["quick"].values()))
    way_on = f"--weights {re.escape(str(model))}$"
    argument = f"weights={str(model)!r}$"
    with pytest.raises(UserError, match=argument):
        RunFolder(tmp_path).read_recipe()
    with pytest.raises(UserError, match=argument):
        TrainedModel.find(tmp_path)
    assert TrainedModel.find(model).recipe is None
    check_recipe(RECIPES["quick"].replace(depth=11, weights=str(model)))
    assert run("train", ["--resume", str(tmp_path)], "train") == 2
    error = capsys.readouterr().err
    assert re.search(way_on, error.strip()) and error.count("\n") == 1
    assert run("train", ["--recipe", str(tmp_path / "recipe.json")], "train") == 2
    assert re.search(way_on, capsys.readouterr().err.strip())
    (tmp_path / "recipe.json").rename(tmp_path / "best_recipe.json")
    assert run("train", ["--recipe", str(tmp_path / "best_recipe.json")], "train") == 2
    assert "0.5 or earlier" in capsys.readouterr().err


@pytest.mark.parametrize(
    "progress",
    [
        *('"text"', "[]", "7", "null", "{}", "NaN", "[" * 10_000, '{"epoch": 1}'),
        '{"epoch": 1, "best_epoch": 1, "best_accuracy": 0.5, "history": []}',
        '{"epoch": 1, "best_epoch": 2, "best_accuracy": 0.5, "history": [{"epoch": 1}]}',
        '{"epoch": 1, "best_epoch": 1, "best_accuracy": "0.5", "history": [{"epoch": 1}]}',
        '{"epoch": 1, "best_epoch": 1, "best_accuracy": 0.5, "history": [{"epoch": [1]}]}',
    ],
)
def test_a_state_with_a_record_of_another_form_is_passed_over(tmp_path, capsys, progress):
    run = RunFolder(tmp_path)
    row = {"epoch": 1, "loss": 0.5, "val_accuracy": float("nan")}
    state.save(run, [np.ones(2)], state.Progress(1, 1, 0.5, history=[row]))
    np.savez(run.file("state") / "epoch-0002.npz", variable0=np.ones(2), progress=progress)
    values, found = state.load(run)
    assert "epoch-0002.npz is damaged" in capsys.readouterr().out
    assert found.history == [row | {"val_accuracy": None}]
    np.testing.assert_array_equal(values, [np.ones(2)])


def test_the_newest_state_of_a_long_run(tmp_path):
    run = RunFolder(tmp_path)
    (tmp_path / "state").mkdir()
    for epoch in (9_999, 10_000):
        (tmp_path / "state" / f"epoch-{epoch}.npz").touch()
    assert [file.stem for file in run.states()] == ["epoch-10000", "epoch-9999"]


CELLS = ("", " ", "x", "-1", "1e400", "nan", "1" + "0" * 5000, "1.5", "[[", "a\x00b")


# The benchmarks share a reader.
KINDS = ("metrics", "gates", "table", *BENCHMARK_COLUMNS)


@pytest.mark.parametrize("kind", tiered(KINDS, lambda kind: kind in [*BENCHMARK_COLUMNS][1:]))
def test_wrong_cells_in_every_column(tmp_path, kind):
    (tmp_path / "recipes").mkdir()
    write_record(tmp_path / "recipes", resolve(RECIPES["quick"]), 0.5)
    (folder,) = (tmp_path / "recipes").iterdir()
    record = RunRecord(RunFolder(folder))
    file, read = tmp_path / "x.csv", partial(read_benchmark, tmp_path / "x.csv")
    if kind == "metrics":
        file, read = folder / "metrics.csv", record.metrics
    elif kind == "gates":
        file, read = folder / "gates.csv", record.gates
    elif kind == "table":
        read = partial(read_results, file)
    if kind in BENCHMARK_COLUMNS:
        rows = [row_of(kind)]
    elif kind == "table":
        file_of_table = ROOT / "results" / "cifar10-resnet20-ras.csv"
        with file_of_table.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
    else:
        with file.open(newline="") as stream:
            rows = list(csv.DictReader(stream))
    tried = 0
    for column in rows[0]:
        for cell in CELLS:
            with file.open("w", newline="", encoding="utf-8") as stream:
                writer = csv.DictWriter(stream, rows[0])
                writer.writeheader()
                writer.writerows([rows[0] | {column: cell}, *rows[1:]])
            tried += refused(read, str(file.parent))
    assert tried > 2 * len(rows[0])
    file.write_bytes(b"\xff\xfe")
    assert refused(read, str(file.parent))
