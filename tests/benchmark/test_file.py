"""Files of benchmarks that somebody edited by hand."""

import csv

import pandas as pd
import pytest

from ras_keras.benchmark.columns import BENCHMARK_COLUMNS
from ras_keras.benchmark.file import read_benchmark
from ras_keras.benchmark.markdown import benchmark_markdown
from ras_keras.benchmark.pytorch.versus import FIGURES
from ras_keras.errors import UserError
from ras_keras.values.csv_files import write_table
from ras_keras.values.text import read_text

# A value that every column takes, unless `SPECIAL` has another.
SPECIAL = {
    "network": '{"depth": 3, "skip": false}',
    "model": "resnet:skip=False",
    "precision": "float32",
    "jit": "on",
    "what": "inference",
    "attention": "ras:k=2",
    "not_measured": "",
    "folded": "no",
    "format": "onnx",
    "way": "forward",
    "share": 0.5,
}


def row_of(kind):
    row = {name: SPECIAL.get(name, 3) for name in BENCHMARK_COLUMNS[kind]}
    if kind == "data":
        row["what"] = "training"
    columns = BENCHMARK_COLUMNS[kind].items()
    return {name: read_text(str(row[name]), cell, nothing="") for name, cell in columns}


@pytest.mark.parametrize("kind", BENCHMARK_COLUMNS)
def test_what_is_written_is_read(tmp_path, kind):
    rows = [row_of(kind), row_of(kind)]
    write_table(tmp_path / "x.csv", rows)
    read = read_benchmark(tmp_path / "x.csv")
    assert read.to_dict("records") == rows
    assert benchmark_markdown(read) == benchmark_markdown(pd.DataFrame(rows))
    assert benchmark_markdown(read).count("\n| ") == 3


def test_a_table_for_each_setup():
    rows = [row_of("speed"), row_of("speed"), row_of("speed") | {"batch_size": 8}]
    text = benchmark_markdown(pd.DataFrame(rows))
    assert text.count("| network ") == 2
    assert "batch size 8" in text.split("\n\n")[2]
    assert "resnet3:skip=False" in text


@pytest.mark.parametrize(
    ("kind", "column", "text", "says"),
    [
        ("speed", "images_per_second_median", "fast", "'fast' is not a number >= 0"),
        ("speed", "images_per_second_median", "nan", "'nan' is not a number"),
        ("speed", "images_per_second_median", "", "'' is not a number"),
        ("speed", "ratio_to_plain_median", "9", "9.0 is not between the lowest and the highest"),
        ("speed", "network", "{", "'{' is not a JSON object"),
        ("speed", "depth", "4", "4 is not the depth of the column network"),
        ("speed", "precision", "float8", "'float8' is not one of float32"),
        ("speed", "what", "data", "'data' is not one of inference, folded inference, training"),
        ("speed", "n", "0", "'0' is not an integer >= 1"),
        ("model", "flops", "1e9", "'1e9' is not an integer"),
        ("model", "processor", " ", "' ' is not a text"),
        ("data", "value_low", "-1", "'-1' is not a number >= 0"),
        ("formats", "format", "onxx", "'onxx' is not one of keras, saved_model, onnx"),
        ("versus-pytorch", "images_per_second_low", "", "a figure is missing"),
    ],
)
def test_nonsense_is_named(tmp_path, kind, column, text, says):
    file = tmp_path / "x.csv"
    write_table(file, [row_of(kind), row_of(kind) | {column: text}])
    with pytest.raises(UserError) as refused:
        read_benchmark(file)
    message = str(refused.value)
    assert message.startswith(f"{file}, line 3, column ")
    assert column.rpartition("_")[0] in message
    assert says in message
    assert "\n" not in message


def test_files_that_are_none(tmp_path):
    file = tmp_path / "x.csv"
    good = row_of("model")
    contents = {
        "": "is no CSV file",
        ",".join(good): "holds no row",
        ",".join(good).replace("flops", "flips"): "column 'flops' is missing",
        ",".join([*good, "more"]): "column 'more' is unknown",
        ",".join(good) + "\n1,2": "has not the 22 values",
        ",".join(good) + "\n" + "1," * 40: "Expected 22 fields in line 2, saw 41",
        '"': "is no CSV file",
    }
    for content, says in contents.items():
        file.write_text(content)
        with pytest.raises(UserError, match=says):
            read_benchmark(file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="is no CSV file"):
        read_benchmark(file)
    with pytest.raises(UserError, match="No such file"):
        read_benchmark(tmp_path / "nowhere.csv")


def test_a_setting_that_was_not_measured(tmp_path):
    empty = dict.fromkeys(FIGURES)
    row = row_of("versus-pytorch") | empty | {"not_measured": "no compiler"}
    write_table(tmp_path / "x.csv", [row])
    (read,) = read_benchmark(tmp_path / "x.csv").to_dict("records")
    assert {name for name, value in read.items() if pd.isna(value)} == {*FIGURES}
    assert read | empty == row
    text = benchmark_markdown(pd.DataFrame([row]))
    assert [cell.strip() for cell in text.splitlines()[-1].split("|")[6:-1]] == [
        *("not measured", "not measured", "", "", "no compiler"),
    ]
    with (tmp_path / "x.csv").open() as stream:
        (text,) = csv.DictReader(stream)
    assert text["images_per_second_low"] == ""
