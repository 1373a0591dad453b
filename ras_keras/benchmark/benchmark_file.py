"""What `scripts/benchmark.py` found, as a CSV file and as Markdown."""

import json
import os
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

from ras_keras.benchmark.benchmark_columns import COLUMNS, SPREADS
from ras_keras.benchmark.network_speed import INFERENCE, TRAINING
from ras_keras.benchmark.spread import STATISTICS
from ras_keras.errors import Argument, UserError
from ras_keras.text.markdown import escaped, table
from ras_keras.values.csv_files import RESTORE, read_header, read_rows
from ras_keras.values.options import joined, name_of, split


def check_output(path: Path) -> None:
    """Refuses a file that could not be written, before anything is measured.

    Raises:
        UserError: naming it and what is in the way.
    """
    given = Argument("output", path)
    if path.suffix.lower() != ".csv":
        raise UserError(given, " names no CSV file; end it in .csv.")
    if not path.parent.is_dir():
        raise UserError(given, f": there is no folder {path.parent}; make it first.")
    if path.is_dir():
        raise UserError(given, " is a folder; name a file in it.")
    if not os.access(path.parent, os.W_OK):
        raise UserError(given, f": {path.parent} cannot be written; choose another folder.")


def read_benchmark(path: Path) -> list[dict]:
    """The rows of a file that `scripts/benchmark.py --output` wrote, each value of its type.

    Raises:
        UserError: naming the file, and the row and column that cannot be right.
    """
    header = read_header(path)
    likeness = {kind: len({*columns} & {*header}) for kind, columns in COLUMNS.items()}
    rows = read_rows(path, COLUMNS[max(likeness, key=likeness.get)])
    for line, row in enumerate(rows, start=2):
        wrong = _contradiction(row)
        if wrong:
            raise UserError(f"{path}, line {line}, column {wrong}; {RESTORE}.")
    return rows


def kind_of(row: dict) -> str:
    """The key of `COLUMNS` whose columns a row has."""
    return next(kind for kind, columns in COLUMNS.items() if set(columns) == set(row))


def look_up_key(row: dict) -> tuple[str, str]:
    """What a row and a recipe's (family, network_key(arguments())) have in common."""
    return name_of(row["model"]), row["network"]


def _contradiction(row):
    """A column that others contradict, in words; None if there is none."""
    if "network" in row and json.loads(row["network"]).get("depth") != row["depth"]:
        return f"depth: {row['depth']} is not the depth of the column network"
    for name in SPREADS:
        values = {each: row.get(f"{name}_{each}") for each in STATISTICS}
        if None in values.values():
            if any(values.values()) or (f"{name}_low" in row and not row["not_measured"]):
                return f"{name}_median: a figure is missing"
        elif not values["low"] <= values["median"] <= values["high"]:
            return f"{name}_median: {values['median']} is not between the lowest and the highest"
    return None


def benchmark_markdown(rows: Sequence[dict]) -> str:
    """Rows of one kind as Markdown: a table for each setup, which stands above it.

    Args:
        rows: as measured, or of `read_benchmark`; the text is the same.
    """
    setup, columns = TABLES[kind_of(rows[0])]
    parts = []
    for text, group in groupby(rows, key=setup):
        lines = [[escaped(column(row)) for column in columns.values()] for row in group]
        parts += [f"{escaped(text)}\n", table([*columns], lines), ""]
    return "\n".join(parts).rstrip()


def _machine(row):
    libraries = {
        "Python": "python",
        "ras_keras": "ras_keras",
        "Keras": "keras",
        "TensorFlow": "tensorflow",
        "JAX": "jax",
        "PyTorch": "torch",
    }
    versions = [f"{name} {row[key]}" for name, key in libraries.items() if row.get(key)]
    policy = f", OMP_WAIT_POLICY {row['omp_wait_policy']}" if row.get("omp_wait_policy") else ""
    return (
        f"{row['device']} ({row['processor']}), {row['threads']} threads{policy}; "
        f"{', '.join(versions)}; {row['date']}."
    )


def _images(row):
    size = row["image_size"]
    return f"{size}x{size} images, {row['classes']} classes, {row['precision']}"


def _repeated(row):
    return f"median of {row['n']} (lowest to highest), each over {row['steps']} batches"


def _of_model(row):
    return (
        f"{_images(row)}. A multiply-add counts as two FLOPs; activations are the outputs of all "
        f"layers for one image. {_machine(row)}"
    )


def _of_speed(row):
    return (
        f"{row['what'].capitalize()}, batch size {row['batch_size']}, {_images(row)}, XLA "
        f"{row['jit']}; {_repeated(row)}. {_machine(row)}"
    )


def _of_formats(row):
    return (
        f"{_images(row)}, batch size {row['batch_size']}; {_repeated(row)}. Latency is that of one "
        f"image: median and 99th percentile of {row['calls']} calls. The difference is that of the "
        f"probabilities to the unfolded Keras network's, the largest. {_machine(row)}"
    )


def _of_data(row):
    return (
        f"{row['dataset']}, batch size {row['batch_size']}; training is that of {_network(row)}, "
        f"{row['attention']}, {row['precision']}; median of {row['n']} (lowest to "
        f"highest), in training each over {row['steps']} batches. {_machine(row)}"
    )


def _of_versus(row):
    return (
        f"{row['what'].capitalize()} of {_network(row)}, {row['attention']}, batch size "
        f"{row['batch_size']}, {_images(row)}; {_repeated(row)}. The difference is that of the "
        f"{DIFFERENCES[row['what']]}. {_machine(row)}"
    )


DIFFERENCES = {
    INFERENCE: "probabilities, the largest",
    TRAINING: "loss after one update",
}


def _network(row):
    """Such as "resnet83" or "wrn52:widen_factor=8"."""
    name, options = split(row["model"])
    return joined(f"{name}{row['depth']}", options)


def _spread(name: str, form: Callable[[float], str]):
    """A column: the median, and in brackets the lowest and the highest."""

    def column(row):
        if row[f"{name}_median"] is None:
            return "not measured"
        median, low, high = (form(row[f"{name}_{each}"]) for each in STATISTICS)
        return f"{median} ({low} to {high})"

    return column


def _figure(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _ratio(value):
    return f"{value:.2f}"


def _mebibytes(name):
    return lambda row: f"{row[name] / 2**20:.2f}"


def _or_nothing(value, form):
    return "" if value is None else f"{value:{form}}"


ATTENTION = {"network": _network, "attention": lambda row: row["attention"]}
TABLES = {
    "model": (
        _of_model,
        {
            **ATTENTION,
            "trainable parameters": lambda row: f"{row['trainable_parameters']:,}",
            "all parameters": lambda row: f"{row['all_parameters']:,}",
            "MFLOPs": lambda row: f"{row['flops'] / 1e6:,.2f}",
            "activations, MiB": _mebibytes("activation_bytes"),
            "file, MiB": _mebibytes("file_bytes"),
        },
    ),
    "speed": (
        _of_speed,
        {
            **ATTENTION,
            "images/s": _spread("images_per_second", _figure),
            "over the plain network's": _spread("ratio_to_plain", _ratio),
            "first batch, s": lambda row: f"{row['compile_seconds']:.1f}",
        },
    ),
    "formats": (
        _of_formats,
        {
            **ATTENTION,
            "folded": lambda row: row["folded"],
            "format": lambda row: row["format"],
            "runtime": lambda row: row["runtime"],
            "file, MiB": _mebibytes("file_bytes"),
            "images/s": _spread("images_per_second", _figure),
            "latency, ms": lambda row: f"{row['latency_median']:.3g}",
            "99th percentile": lambda row: f"{row['latency_p99']:.3g}",
            "difference": lambda row: f"{row['difference']:.1g}",
        },
    ),
    "data": (
        _of_data,
        {
            "measured": lambda row: row["what"],
            "figure": _spread("value", _figure),
            "unit": lambda row: row["unit"],
        },
    ),
    "versus-pytorch": (
        _of_versus,
        {
            "setting": lambda row: row["setting"],
            "layout": lambda row: row["layout"],
            "compiler": lambda row: row["compiler"],
            "images/s": _spread("images_per_second", _figure),
            "ours over this": _spread("ours_over_this", _ratio),
            "first batch, s": lambda row: _or_nothing(row["compile_seconds"], ".1f"),
            "difference": lambda row: _or_nothing(row["difference"], ".1g"),
            "notice": lambda row: row["not_measured"],
        },
    ),
}
