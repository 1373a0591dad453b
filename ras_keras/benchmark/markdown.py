"""What `scripts/benchmark.py` found, as Markdown."""

import pandas as pd

from ras_keras.benchmark.columns import BENCHMARK_COLUMNS
from ras_keras.benchmark.networks.speed import INFERENCE, TRAINING
from ras_keras.benchmark.spread import STATISTICS
from ras_keras.text.markdown import escaped, table
from ras_keras.values.options import joined, split

LIBRARIES = {
    **{"Python": "python", "ras_keras": "ras_keras", "Keras": "keras"},
    **{"TensorFlow": "tensorflow", "JAX": "jax", "PyTorch": "torch", "OpenVINO": "openvino"},
}
DIFFERENCES = {INFERENCE: "probabilities, the largest", TRAINING: "loss after one update"}

IMAGES = "{image_size}x{image_size} images, {classes} classes, {precision}"
REPEATED = "median of {n} (lowest to highest), each over {steps} batches"
MACHINE = "{device} ({processor}), {threads} threads{policy}; {versions}; {date}."
# What stands above a table, of a row and what `_described` adds to it.
SETUPS = {
    "model": f"{IMAGES}. A multiply-add counts as two FLOPs; activations are the outputs of all "
    f"layers for one image. {MACHINE}",
    "speed": f"{{activity}}, batch size {{batch_size}}, {IMAGES}, XLA {{jit}}; {REPEATED}. "
    f"{MACHINE}",
    "profile": "A training step by the time of its operations, which run on several threads; "
    f"batch size {{batch_size}}, {IMAGES}, XLA off; {REPEATED}. {MACHINE}",
    "memory": f"Batch size {{batch_size}}, {IMAGES}; the most that a process of its own held over "
    f"{{steps}} batches, Python and the libraries among it. {MACHINE}",
    "formats": f"{IMAGES}, batch size {{batch_size}}; {REPEATED}. Latency is that of one image: "
    "median and 99th percentile of {calls} calls. The difference is that of the probabilities to "
    f"the unfolded Keras network's, the largest. {MACHINE}",
    "serve": "One PNG of {image_size}x{image_size} a request over loopback, {clients} "
    "clients at a time that share the processor with the server, {requests} requests. "
    f"{MACHINE}",
    "data": "{dataset}, batch size {batch_size}; training is that of {name}, {attention}, "
    "{precision}; median of {n} (lowest to highest), in training each over {steps} batches. "
    f"{MACHINE}",
    "stream": "Random parts of JPEG files, resized to {image_size}x{image_size}, batch size "
    f"{{batch_size}}; {REPEATED}. {MACHINE}",
    "start": "Small JPEG files in folders, the first batch of {batch_size} random parts at "
    f"{{image_size}}x{{image_size}} in a process of its own. {MACHINE}",
    "versus-pytorch": f"{{activity}} of {{name}}, {IMAGES}; {REPEATED} (pytorch-processes: "
    "over 2 s). The difference is that of the {difference_of}; what is set over the "
    f"others is {{ours}}. {MACHINE}",
}


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _mebibytes(value: int) -> str:
    return f"{value / 2**20:.2f}"


# A heading, and the column or quantity with the form of its values.
NETWORK = {"network": ("name", str), "attention": ("attention", str)}
SPEED = {"images/s": ("images_per_second", _figure)}
FIRST = {"first batch, s": ("compile_seconds", "{:.1f}".format)}
FILE = {"file, MiB": ("file_bytes", _mebibytes)}
DIFFERENCE = {"difference": ("difference", "{:.1g}".format)}
TABLES = {
    "model": {
        **NETWORK,
        "trainable parameters": ("trainable_parameters", "{:,}".format),
        "all parameters": ("all_parameters", "{:,}".format),
        "MFLOPs": ("flops", lambda flops: f"{flops / 1e6:,.2f}"),
        "activations, MiB": ("activation_bytes", _mebibytes),
        **FILE,
    },
    "speed": {
        **NETWORK,
        **SPEED,
        "over the plain network's": ("ratio_to_plain", "{:.2f}".format),
        **FIRST,
    },
    "profile": {
        **NETWORK,
        **{"part": ("part", str), "way": ("way", str)},
        "ms a step": ("milliseconds", _figure),
        "share": ("share", "{:.1%}".format),
    },
    "memory": {
        **NETWORK,
        "inference, MiB": ("inference_peak_bytes", _mebibytes),
        "over the plain network's": ("inference_ratio_to_plain", "{:.2f}".format),
        "training, MiB": ("training_peak_bytes", _mebibytes),
        "over the plain one's": ("training_ratio_to_plain", "{:.2f}".format),
    },
    "formats": {
        **NETWORK,
        **{name: (name, str) for name in ("folded", "format", "runtime")},
        **FILE,
        **{"streams": ("streams", str), "micro-batch": ("micro_batch", str)},
        **SPEED,
        "latency, ms": ("latency_median", "{:.3g}".format),
        "99th percentile": ("latency_p99", "{:.3g}".format),
        **DIFFERENCE,
    },
    "serve": {
        **NETWORK,
        "run by": ("runtime", str),
        **SPEED,
        "latency, ms": ("latency_median", "{:.3g}".format),
        "99th percentile": ("latency_p99", "{:.3g}".format),
    },
    "stream": {
        **{"read": ("what", str), "files": ("files", "{:,}".format)},
        **SPEED,
        "over the bare loop's": ("over_bare", "{:.2f}".format),
    },
    "start": {
        "files": ("files", "{:,}".format),
        "start to the first batch, s": ("start_seconds", "{:.1f}".format),
        "peak memory, MiB": ("peak_bytes", _mebibytes),
    },
    "data": {"measured": ("what", str), "figure": ("value", _figure), "unit": ("unit", str)},
    "versus-pytorch": {
        **{name: (name, str) for name in ("setting", "attention", "layout", "compiler")},
        "batch": ("batch_size", str),
        **SPEED,
        "ours over this": ("ours_over_this", "{:.2f}".format),
        **FIRST,
        **DIFFERENCE,
        "notice": ("not_measured", str),
    },
}


def benchmark_markdown(rows: pd.DataFrame) -> str:
    """Rows of one kind as Markdown: a table for each setup, which stands above it.

    Args:
        rows: as measured, or of `read_benchmark`; the text is the same.
    """
    kind = next(kind for kind, columns in BENCHMARK_COLUMNS.items() if {*columns} == {*rows})
    described = [_described(row) for row in rows.to_dict("records")]
    rows = rows.assign(name=[row["name"] for row in described])
    setups = pd.Series([SETUPS[kind].format_map(row) for row in described])
    cells = pd.DataFrame(
        {
            heading: [escaped(cell) for cell in _cells(rows, name, form)]
            for heading, (name, form) in TABLES[kind].items()
        }
    )
    groups = cells.groupby(setups, sort=False)
    return "\n\n".join(f"{escaped(setup)}\n\n{table(group)}" for setup, group in groups)


def _described(row: dict) -> dict:
    """A row with what its setup says in other words."""
    model, options = split(row.get("model", ""))
    libraries = {library: row.get(column) for library, column in LIBRARIES.items()}
    what, policy = row.get("what", ""), row.get("omp_wait_policy")
    depth = "" if pd.isna(row.get("depth")) else int(row["depth"])
    return row | {
        # Such as "resnet83" or "wrn52:widen_factor=8".
        "name": joined(f"{model}{depth}", options),
        "activity": what.capitalize(),
        "difference_of": DIFFERENCES.get(what),
        "versions": ", ".join(
            f"{each} {version}" for each, version in libraries.items() if version
        ),
        "policy": f", OMP_WAIT_POLICY {policy}" if policy else "",
    }


def _cells(rows: pd.DataFrame, name: str, form) -> list[str]:
    """A column as text; of a repeated measurement the median, and in brackets the extremes."""
    if name in rows:
        return ["" if pd.isna(value) else form(value) for value in rows[name]]
    medians, lows, highs = (rows[f"{name}_{each}"] for each in STATISTICS)
    return [
        "not measured" if pd.isna(median) else f"{form(median)} ({form(low)} to {form(high)})"
        for median, low, high in zip(medians, lows, highs, strict=True)
    ]
