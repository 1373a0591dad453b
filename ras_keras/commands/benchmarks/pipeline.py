"""The input: its share of training, streams of photographs, the start with many files."""

from dataclasses import dataclass, field
from typing import Annotated

from ras_keras.benchmark.data_speed import data_rows
from ras_keras.benchmark.stream_speed import start_rows, stream_rows
from ras_keras.commands.benchmarks.common import Repeats, Steps
from ras_keras.commands.line.fields import File
from ras_keras.errors import UserError
from ras_keras.training import RECIPES, Recipe, check_recipe, resolve
from ras_keras.training.network import recipe_data
from ras_keras.values.typed import Bounds


@dataclass(frozen=True)
class BenchmarkData:
    """Time the input pipeline: alone, and its share of a training step."""

    recipe: Recipe = field(default_factory=lambda: RECIPES["paper"])
    repeats: Repeats = 5
    """Measurements, of which the median counts."""
    steps: Steps = 20
    """Training steps per measurement."""
    output: File | None = None
    """CSV file for the figures, such as results/data.csv."""


@dataclass(frozen=True)
class Photographs:
    """Crops of photographs."""

    image_size: Annotated[int, Bounds(1, 10_000)] = 224
    """Height and width of the crops in pixels."""
    batch_size: Annotated[int, Bounds(1, 100_000)] = 128
    """Images per batch."""
    output: File | None = None
    """CSV file for the figures, such as results/stream.csv."""


@dataclass(frozen=True)
class BenchmarkStream(Photographs):
    """Time reading and cropping of JPEG files beside a bare loop of tf.data."""

    images: Annotated[int, Bounds(10, 1_000_000)] = 2_000
    """JPEG files that are made, 300 to 500 pixels wide and high."""
    repeats: Repeats = 5
    """Rounds in which all are timed in turn; the median counts."""
    steps: Steps = 20
    """Batches per measurement."""


@dataclass(frozen=True)
class BenchmarkStart(Photographs):
    """Time the start with many files, to the first batch, and its memory."""

    files: Annotated[int, Bounds(20, 10_000_000)] = 100_000
    """Small JPEG files that are made."""


def measure_data(options: BenchmarkData) -> list[dict]:
    check_recipe(options.recipe)
    recipe = resolve(options.recipe)
    return data_rows(recipe, recipe_data(recipe), options.repeats, options.steps)


def measure_stream(options: BenchmarkStream) -> list[dict]:
    _check_batch(options, "images", options.images)
    return stream_rows(
        options.images, options.image_size, options.batch_size, options.repeats, options.steps
    )


def measure_start(options: BenchmarkStart) -> list[dict]:
    _check_batch(options, "files", options.files)
    return start_rows(options.files, options.image_size, options.batch_size)


def _check_batch(options: Photographs, name: str, count: int) -> None:
    """A tenth of the photographs is held out."""
    if options.batch_size > count * 9 // 10:
        raise UserError(
            f"--batch-size {options.batch_size} is more than nine tenths of --{name} {count}; "
            "give less."
        )
