"""A server, asked by many clients."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

from ras_keras.benchmark.serve_speed import serve_rows
from ras_keras.commands.benchmarks.common import Networks, Spelled, needs_tensorflow, recipes_of
from ras_keras.commands.line.fields import File, among
from ras_keras.errors import UserError
from ras_keras.inference.formats import check_installed
from ras_keras.serving.server import check_installed as check_serving
from ras_keras.values.choices import one_of
from ras_keras.values.typed import Bounds

RUNTIMES = ("keras", "openvino")


@dataclass(frozen=True)
class BenchmarkServe(Networks):
    """Time serve.py: images/s and latency with many clients on this machine (extra serve)."""

    usual_depth = 83

    depths: tuple[int, ...] = ()
    """Of every model; none given is 83 where the model has it, else the published one."""
    attentions: tuple[Spelled, ...] = ("ras",)
    """Names, options may follow: ras:k=3,normalize_input=False, dia:attention_stages=1+3."""
    runtimes: tuple[Annotated[str, among(RUNTIMES)], ...] = RUNTIMES
    """What runs the network."""
    clients: Annotated[int, Bounds(1, 200)] = 32
    """Clients that ask at a time, each for one PNG a request."""
    requests: Annotated[int, Bounds(1, 10_000_000)] = 2_000
    """Of all clients together."""
    output: File | None = None
    """CSV file for the figures, such as results/serve.csv."""


def measure(options: BenchmarkServe) -> list[dict]:
    needs_tensorflow("serve by each runtime; measure a server")
    if not options.runtimes:
        raise UserError(f"--runtimes names nothing; give one or both of {', '.join(RUNTIMES)}.")
    check_serving()
    for name in options.runtimes:
        one_of("--runtimes", name, RUNTIMES)
        if name != "keras":
            check_installed(name)
    recipes = recipes_of(options, precision="float32")
    commands = {name: partial(_command, name, options.imports) for name in options.runtimes}
    return serve_rows(recipes, options.classes, commands, options.clients, options.requests)


def _command(runtime: str, imports: tuple[str, ...], file: Path) -> list[str]:
    command = ["-m", "ras_keras", "serve", str(file), "--port", "0", "--runtime", runtime]
    return [*command, *(["--imports", *imports] if imports else [])]
