"""What `scripts/benchmark.py` found, as a CSV file and as Markdown."""

import csv
import json
import os
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

from ras_keras.errors import UserError, first_line
from ras_keras.files import write_atomically
from ras_keras.report.benchmark_columns import COLUMNS, SPREADS
from ras_keras.report.network_speed import INFERENCE, TRAINING
from ras_keras.report.spread import STATISTICS
from ras_keras.training.recipe import NETWORK_OPTIONS

MEASURE_ANEW = "restore the file, or measure anew with --output"


def check_output(path: Path) -> None:
    """Refuses a file that could not be written, before anything is measured.

    Raises:
        UserError: naming it and what is in the way.
    """
    if path.suffix.lower() != ".csv":
        raise UserError(f"--output {path} names no CSV file; end it in .csv.")
    if not path.parent.is_dir():
        raise UserError(f"--output {path}: there is no folder {path.parent}; make it first.")
    if path.is_dir():
        raise UserError(f"--output {path} is a folder; name a file in it.")
    if not os.access(path.parent, os.W_OK):
        raise UserError(f"--output {path}: {path.parent} cannot be written; choose another folder.")


def write_benchmark(path: Path, rows: Sequence[dict]) -> None:
    """Writes the rows of one kind as CSV, whole or not at all.

    Raises:
        UserError: if the disk is full or cannot be written; `path` is as it was.
    """

    def write(file):
        with file.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, COLUMNS[kind_of(rows[0])])
            writer.writeheader()
            writer.writerows(rows)

    write_atomically(path, write, remedy="measure anew")


def read_benchmark(path: Path) -> list[dict]:
    """The rows of a file that `scripts/benchmark.py --output` wrote, each value of its type.

    Raises:
        UserError: naming the file, and the row and column that cannot be right.
    """
    path = Path(path)
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream, strict=True)
            texts = list(reader)
            header = reader.fieldnames or []
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; name a file of benchmark.py.") from error
    except (csv.Error, ValueError) as error:
        raise UserError(f"{path} is no CSV file ({first_line(error)}); {MEASURE_ANEW}.") from error
    kind = _kind(path, header)
    if not texts:
        raise UserError(f"{path} holds no row; {MEASURE_ANEW}.")
    return [_row(path, number, kind, text) for number, text in enumerate(texts, start=2)]


def kind_of(row: dict) -> str:
    """The key of `COLUMNS` whose columns a row has."""
    return next(kind for kind, columns in COLUMNS.items() if set(columns) == set(row))


def look_up_key(row: dict) -> tuple[str, str]:
    """What a row and a recipe's (model, network_key(network_arguments())) have in common."""
    return row["model"], row["network"]


def _kind(path, header):
    likeness = {kind: len({*columns} & {*header}) for kind, columns in COLUMNS.items()}
    kind = max(likeness, key=likeness.get)
    missing = [name for name in COLUMNS[kind] if name not in header]
    unknown = [name for name in header if name not in COLUMNS[kind]]
    if missing or unknown or len(header) != len({*header}):
        wrong = f"column {missing[0]!r} is missing" if missing else "it has other columns"
        wrong = f"column {unknown[0]!r} is unknown" if unknown and not missing else wrong
        raise UserError(f"{path} is no file of benchmark.py ({wrong}); {MEASURE_ANEW}.")
    return kind


def _row(path, number, kind, texts):
    where = f"{path}, line {number}"
    # DictReader keeps what is too much under None, and gives None for what is too little.
    if None in texts or None in texts.values():
        raise UserError(
            f"{where} has not the {len(COLUMNS[kind])} values of its columns; {MEASURE_ANEW}."
        )
    row = {}
    for name, cell in COLUMNS[kind].items():
        try:
            row[name] = cell.read(texts[name])
        except (ValueError, OverflowError) as error:
            raise UserError(
                f"{where}, column {name}: {texts[name]!r} is not {cell.what}; {MEASURE_ANEW}."
            ) from error
    wrong = _contradiction(row)
    if wrong:
        raise UserError(f"{where}, column {wrong}; {MEASURE_ANEW}.")
    return row


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
        lines = [list(columns), ["---"] * len(columns)]
        lines += [[column(row) for column in columns.values()] for row in group]
        parts.append(f"{text}\n")
        parts += [f"| {' | '.join(line)} |" for line in lines]
        parts.append("")
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


def _of_data(row):
    return (
        f"{row['dataset']}, batch size {row['batch_size']}; training is that of {row['model']}"
        f"{row['depth']}, {row['attention']}, {row['precision']}; median of {row['n']} (lowest to "
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
    """Such as "resnet83" or "wrn52 (widen_factor=8)"."""
    arguments = json.loads(row["network"])
    options = [
        f"{name}={arguments[name]}"
        for name in NETWORK_OPTIONS
        # True is what a network has unless it is told otherwise.
        if arguments.get(name) not in (None, True)
    ]
    return f"{row['model']}{row['depth']}" + (f" ({', '.join(options)})" if options else "")


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
