"""Networks in the formats that export.py writes."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from ras_keras.backend.devices import cores
from ras_keras.benchmark.format_speed import BFLOAT16, FOLDED, RUNTIMES, check_formats, format_rows
from ras_keras.benchmark.machine import use_threads
from ras_keras.commands.benchmarks.common import (
    Networks,
    Repeats,
    Spelled,
    Steps,
    needs_tensorflow,
    recipes_of,
)
from ras_keras.commands.line.execution_flags import CallFlags
from ras_keras.commands.line.fields import File, among
from ras_keras.errors import UserError
from ras_keras.layers.registry import NONE
from ras_keras.values.choices import one_of
from ras_keras.values.typed import Bounds


@dataclass(frozen=True)
class BenchmarkFormats(Networks):
    """Size, images/s and latency of networks in the formats that export.py writes, on a CPU."""

    usual_depth = 20

    depths: tuple[int, ...] = ()
    """Of every model; none given is 20 where the model has it, else the published one."""
    attentions: tuple[Spelled, ...] = (NONE, "ras")
    """Names, options may follow: ras:k=3,normalize_input=False, dia:attention_stages=1+3."""
    formats: tuple[Annotated[str, among(RUNTIMES)], ...] = tuple(
        name for name in RUNTIMES if name != BFLOAT16
    )
    """What is timed; openvino-bfloat16 needs a processor that has bfloat16."""
    fold: Literal["no", "yes", "both"] = "both"
    """Networks as they are (no), folded (yes), or both."""
    batch_size: int = 128
    """Images per batch; latency is that of one image."""
    threads: Annotated[int, Bounds(1, 10_000)] = cores()
    """Of every runtime."""
    calling: CallFlags = field(default_factory=CallFlags)
    seed: int = 0
    """Of the weights and the images."""
    repeats: Repeats = 5
    """Rounds in which all are timed in turn; the median counts."""
    steps: Steps = 2
    """Batches per measurement."""
    calls: Annotated[int, Bounds(1, 10_000_000)] = 200
    """Of one image at least, over all rounds, for the latency."""
    output: File | None = None
    """CSV file for the figures, such as results/formats.csv."""


def measure(options: BenchmarkFormats) -> list[dict]:
    needs_tensorflow("export networks; measure formats")
    if not options.formats:
        raise UserError(f"--formats names nothing; give one or several of {', '.join(RUNTIMES)}.")
    for name in options.formats:
        one_of("--formats", name, RUNTIMES)
    check_formats(options.formats)
    recipes = recipes_of(
        options, batch_size=options.batch_size, seed=options.seed, precision="float32"
    )
    use_threads(options.threads)
    return format_rows(
        recipes,
        options.formats,
        FOLDED[options.fold],
        options.classes,
        options.repeats,
        options.steps,
        options.calls,
        options.calling.plan(options.threads),
    )
