"""Measure networks: their size, their speed, the input pipeline, PyTorch beside them."""

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import keras
import pandas as pd

from ras_keras.benchmark.data_speed import data_rows
from ras_keras.benchmark.file import check_output
from ras_keras.benchmark.format_speed import FOLDED, RUNTIMES, check_formats, format_rows
from ras_keras.benchmark.machine import use_threads
from ras_keras.benchmark.markdown import benchmark_markdown
from ras_keras.benchmark.networks.key import identity
from ras_keras.benchmark.networks.listed import network_recipes, plain_places
from ras_keras.benchmark.networks.memory import memory_rows
from ras_keras.benchmark.networks.size import size_rows
from ras_keras.benchmark.networks.speed import FOLDED_INFERENCE, INFERENCE, TRAINING, speed_rows
from ras_keras.benchmark.pytorch import versus
from ras_keras.benchmark.pytorch.twin import check_twin
from ras_keras.benchmark.pytorch.versus import SETTINGS
from ras_keras.benchmark.stream_speed import start_rows, stream_rows
from ras_keras.commands.line.fields import File, Shown, among
from ras_keras.commands.line.flags import parse, parse_with_recipe
from ras_keras.errors import UserError
from ras_keras.inference.formats import check_installed
from ras_keras.layers.registry import ATTENTION, NONE
from ras_keras.models.parts.classifier import MOST_CLASSES
from ras_keras.papers.tables import TABLES
from ras_keras.recipes import NetworkRecipe
from ras_keras.recipes.execution import Jit, Precision
from ras_keras.training import RECIPES, Recipe, check_recipe, resolve
from ras_keras.training.network import recipe_data
from ras_keras.values.choices import one_of
from ras_keras.values.csv_files import write_table
from ras_keras.values.typed import Bounds

OURS = tuple(name for name in SETTINGS if name.startswith("ours"))
Spelled = Annotated[str, Shown("NAME[:OPTIONS]")]
Repeats = Annotated[int, Bounds(1, 100_000)]
Steps = Annotated[int, Bounds(1, 1_000_000)]


@dataclass(frozen=True)
class Networks:
    """Which networks, on synthetic images."""

    models: tuple[Spelled, ...] = ("resnet",)
    """Names, options may follow: wrn:widen_factor=8, resnet:skip=False."""
    depths: tuple[int, ...] = ()
    """Of every model; none given is the published one."""
    attentions: tuple[Spelled, ...] = (NONE, *ATTENTION)
    """Names, options may follow: ras:k=3,normalize_input=False, dia:attention_stages=1+3."""
    aggregations: tuple[Spelled, ...] = (NONE,)
    """Names beside every attention, options may follow: rla:channels=8,cell=lstm."""
    imports: tuple[str, ...] = ()
    """Python modules to import first: they register attention of your own."""
    image_size: int = 32
    """Height and width of the images in pixels."""
    classes: Annotated[int, Bounds(1, MOST_CLASSES)] = 10
    """Of the classifier."""


@dataclass(frozen=True)
class NetworksOfAnyPrecision(Networks):
    """Which networks, and what they compute in."""

    precision: Precision = "float32"
    """What the networks compute in."""


@dataclass(frozen=True)
class BenchmarkModel(NetworksOfAnyPrecision):
    """Count parameters, FLOPs, activation memory and file size of networks."""

    output: File | None = None
    """CSV file for the figures, such as results/model.csv."""


@dataclass(frozen=True)
class NetworksBesidePlain(NetworksOfAnyPrecision):
    """Which networks, each beside the plain one, and how they compute."""

    table: Annotated[str | None, among(TABLES)] = None
    """Networks of a table of reproduce.py, beside the plain form of the first of their group, in
    place of --models, --depths, --attentions, --aggregations and --imports."""
    batch_size: int = 128
    """Images per batch."""
    jit: Jit = "auto"
    """Compile with XLA; auto does on a GPU."""
    seed: int = 0
    """Of the weights and the images."""
    steps: Steps = 5
    """Batches per measurement."""
    output: File | None = None
    """CSV file for the figures, such as results/inference.csv."""


@dataclass(frozen=True)
class BenchmarkTraining(NetworksBesidePlain):
    """Time training, images/s, of networks in turn beside the plain one."""

    repeats: Repeats = 7
    """Rounds in which all networks are timed in turn; the median counts."""


@dataclass(frozen=True)
class BenchmarkInference(BenchmarkTraining):
    """Time prediction, images/s, of networks in turn beside the plain one."""

    fold: bool = False
    """Fold all of them first, the plain one as well."""


@dataclass(frozen=True)
class BenchmarkMemory(NetworksBesidePlain):
    """Measure the most memory that a process with a network takes, in prediction and training."""


@dataclass(frozen=True)
class BenchmarkFormats(Networks):
    """Size, images/s and latency of networks in the formats that export.py writes, on a CPU."""

    depths: tuple[int, ...] = (20,)
    """Of every model."""
    attentions: tuple[Spelled, ...] = (NONE, "ras")
    """Names, options may follow: ras:k=3,normalize_input=False, dia:attention_stages=1+3."""
    formats: tuple[Annotated[str, among(RUNTIMES)], ...] = tuple(RUNTIMES)
    """What is timed."""
    fold: Literal["no", "yes", "both"] = "both"
    """Networks as they are (no), folded (yes), or both."""
    batch_size: int = 128
    """Images per batch; latency is that of one image."""
    threads: Annotated[int, Bounds(1, 10_000)] = os.cpu_count()
    """Of every runtime."""
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


@dataclass(frozen=True)
class BenchmarkVersusPytorch:
    """Time a network and the same in PyTorch in turn, on a CPU (extra peers)."""

    what: Literal["both", "inference", "training"] = "both"
    """What is timed."""
    settings: tuple[Annotated[str, among(SETTINGS)], ...] = tuple(
        name for name in SETTINGS if name != versus.OPENVINO
    )
    """Ways to run it; ours as it is, is always timed. ours-openvino needs the extra openvino."""
    ours: Annotated[str, among(OURS)] = "ours"
    """Which of ours the others are set beside in inference."""
    model: Spelled = "resnet"
    """resnet or imagenet_resnet."""
    depth: int = 83
    """Of the network: 9n+2; of imagenet_resnet 50, 101 or 152."""
    attention: Spelled = "ras"
    """none, or for resnet ras, options may follow: ras:k=2,normalize_input=False."""
    aggregation: Spelled = NONE
    """none, or for imagenet_resnet rla, options may follow: rla:channels=32."""
    image_size: int = 32
    """Height and width of the images in pixels."""
    classes: Annotated[int, Bounds(1, MOST_CLASSES)] = 10
    """Of the classifier."""
    batch_size: int = 128
    """Images per batch."""
    threads: Annotated[int, Bounds(1, 10_000)] = os.cpu_count()
    """Of both frameworks."""
    seed: int = 0
    """Of the weights and the images."""
    repeats: Repeats = 5
    """Rounds in which all settings are timed in turn; the median counts."""
    steps: Steps = 2
    """Batches per measurement."""
    output: File | None = None
    """CSV file for the figures, such as results/versus-pytorch.csv."""


def main(arguments: Sequence[str], program: str) -> None:
    what, *flags = arguments or ["--help"]
    if what in ("-h", "--help"):
        print(f"usage: {program} WHAT [FLAGS]\n")
        for name, (_, cls) in KINDS.items():
            print(f"  {name:15} {cls.__doc__}")
        print(f"\n{program} WHAT --help lists the flags.")
        return
    one_of("what to measure", what, KINDS)
    measure, cls = KINDS[what]
    read = parse_with_recipe if cls is BenchmarkData else parse
    options = read(cls, flags, f"{program} {what}")
    output = options.output and Path(options.output)
    if output:
        check_output(output)
    rows = measure(options)
    print(benchmark_markdown(pd.DataFrame(rows)))
    if output:
        write_table(output, rows)
        print(f"\nfigures  {output}")


def _model(options: BenchmarkModel) -> list[dict]:
    _needs_tensorflow("count operations; measure networks")
    return size_rows(_recipes(options, precision=options.precision), options.classes)


def _inference(options: BenchmarkInference) -> list[dict]:
    return _speed(options, FOLDED_INFERENCE if options.fold else INFERENCE)


def _training(options: BenchmarkTraining) -> list[dict]:
    return _speed(options, TRAINING)


def _speed(options: BenchmarkTraining, what: str) -> list[dict]:
    recipes, beside = _beside_plain(options)
    return speed_rows(recipes, what, options.classes, options.repeats, options.steps, beside)


def _memory(options: BenchmarkMemory) -> list[dict]:
    recipes, beside = _beside_plain(options)
    return memory_rows(recipes, options.classes, options.steps, beside)


def _beside_plain(options: NetworksBesidePlain) -> tuple[list[Recipe], list[int]]:
    """The networks, and which of them each is set beside."""
    settings = {name: getattr(options, name) for name in ("batch_size", "jit", "seed", "precision")}
    if options.table is not None:
        return _of_table(options, **settings)
    recipes = _recipes(options, with_plain=True, **settings)
    return recipes, plain_places(recipes)


def _of_table(options: NetworksBesidePlain, **settings) -> tuple[list[Recipe], list[int]]:
    """The networks of a table, none twice, and which of them each is set beside."""
    one_of("--table", options.table, TABLES)
    for name in ("models", "depths", "attentions", "aggregations", "imports"):
        if getattr(options, name) != getattr(Networks, name):
            raise UserError(f"--table {options.table} names its networks; leave out --{name}.")
    table = TABLES[options.table]
    plain: dict[str, NetworkRecipe] = {}
    networks: dict[tuple, tuple[NetworkRecipe, NetworkRecipe]] = {}
    for row in table.rows(table.datasets[:1], (0.0,)):
        network = row.recipe.network
        first = plain.setdefault(row.group, network.plain())
        for each in (first, network):
            networks.setdefault(identity(each), (each, first))
    recipes = [
        Recipe(network=network).replace(image_size=options.image_size, **settings)
        for network, _ in networks.values()
    ]
    for recipe in recipes:
        check_recipe(recipe)
    places = [*networks]
    beside = [places.index(identity(first)) for _, first in networks.values()]
    return [*map(resolve, recipes)], beside


def _recipes(options: Networks, **settings) -> list[Recipe]:
    given = {each.name: getattr(options, each.name) for each in dataclasses.fields(Networks)}
    del given["classes"]
    return network_recipes(**given, **settings)


def _formats(options: BenchmarkFormats) -> list[dict]:
    _needs_tensorflow("export networks; measure formats")
    if not options.formats:
        raise UserError(f"--formats names nothing; give one or several of {', '.join(RUNTIMES)}.")
    for name in options.formats:
        one_of("--formats", name, RUNTIMES)
    check_formats(options.formats)
    recipes = _recipes(
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
        options.threads,
    )


def _data(options: BenchmarkData) -> list[dict]:
    check_recipe(options.recipe)
    recipe = resolve(options.recipe)
    return data_rows(recipe, recipe_data(recipe), options.repeats, options.steps)


def _stream(options: BenchmarkStream) -> list[dict]:
    _check_batch(options, "images", options.images)
    return stream_rows(
        options.images, options.image_size, options.batch_size, options.repeats, options.steps
    )


def _start(options: BenchmarkStart) -> list[dict]:
    _check_batch(options, "files", options.files)
    return start_rows(options.files, options.image_size, options.batch_size)


def _check_batch(options: Photographs, name: str, count: int) -> None:
    """A tenth of the photographs is held out."""
    if options.batch_size > count * 9 // 10:
        raise UserError(
            f"--batch-size {options.batch_size} is more than nine tenths of --{name} {count}; "
            "give less."
        )


def _versus_pytorch(options: BenchmarkVersusPytorch) -> list[dict]:
    _needs_tensorflow("be timed beside PyTorch on equal terms; compare")
    kinds = {"both": (INFERENCE, TRAINING), INFERENCE: (INFERENCE,), TRAINING: (TRAINING,)}
    for name in options.settings:
        one_of("--settings", name, SETTINGS)
    one_of("--ours", options.ours, OURS)
    if versus.OPENVINO in (*options.settings, options.ours) and options.what != TRAINING:
        check_installed("openvino")
    versus.prepare(options.threads)
    (recipe,) = network_recipes(
        (options.model,),
        (options.depth,),
        (options.attention,),
        (options.aggregation,),
        names=("model", "attention", "aggregation"),
        image_size=options.image_size,
        batch_size=options.batch_size,
        seed=options.seed,
        precision="float32",
    )
    check_twin(recipe.network)
    return versus.versus_rows(
        recipe,
        kinds[options.what],
        options.settings,
        options.classes,
        options.repeats,
        options.steps,
        options.ours,
    )


def _needs_tensorflow(what: str) -> None:
    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise UserError(f"KERAS_BACKEND {backend} cannot {what} with KERAS_BACKEND=tensorflow.")


KINDS = {
    "model": (_model, BenchmarkModel),
    "inference": (_inference, BenchmarkInference),
    "training": (_training, BenchmarkTraining),
    "memory": (_memory, BenchmarkMemory),
    "formats": (_formats, BenchmarkFormats),
    "data": (_data, BenchmarkData),
    "stream": (_stream, BenchmarkStream),
    "start": (_start, BenchmarkStart),
    "versus-pytorch": (_versus_pytorch, BenchmarkVersusPytorch),
}
