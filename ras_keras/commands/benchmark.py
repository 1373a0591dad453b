"""Measure networks: their size, their speed, the input pipeline, PyTorch beside them."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ras_keras.benchmark.file import check_output
from ras_keras.benchmark.markdown import benchmark_markdown
from ras_keras.commands.benchmarks import formats, networks, pipeline, serving, versus_pytorch
from ras_keras.commands.line.flags import parse, parse_with_recipe
from ras_keras.commands.line.subcommands import subcommand
from ras_keras.values.csv_files import write_table

KINDS = {
    "model": (networks.measure_size, networks.BenchmarkModel),
    "inference": (networks.measure_inference, networks.BenchmarkInference),
    "training": (networks.measure_training, networks.BenchmarkTraining),
    "profile": (networks.measure_profile, networks.BenchmarkProfile),
    "memory": (networks.measure_memory, networks.BenchmarkMemory),
    "formats": (formats.measure, formats.BenchmarkFormats),
    "serve": (serving.measure, serving.BenchmarkServe),
    "data": (pipeline.measure_data, pipeline.BenchmarkData),
    "stream": (pipeline.measure_stream, pipeline.BenchmarkStream),
    "start": (pipeline.measure_start, pipeline.BenchmarkStart),
    "versus-pytorch": (versus_pytorch.measure, versus_pytorch.BenchmarkVersusPytorch),
}


def main(arguments: Sequence[str], program: str) -> None:
    classes = {name: cls for name, (_, cls) in KINDS.items()}
    chosen = subcommand(arguments, program, classes, "what to measure")
    if chosen is None:
        return
    what, flags = chosen
    measure, cls = KINDS[what]
    read = parse_with_recipe if cls is pipeline.BenchmarkData else parse
    options = read(cls, flags, f"{program} {what}")
    output = options.output and Path(options.output)
    if output:
        check_output(output)
    rows = measure(options)
    print(benchmark_markdown(pd.DataFrame(rows)))
    if output:
        write_table(output, rows)
        print(f"\nfigures  {output}")
