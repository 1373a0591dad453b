"""Networks on synthetic images: their size, speed and memory."""

from dataclasses import dataclass
from typing import Annotated

from ras_keras.backend import devices
from ras_keras.benchmark.networks.key import identity
from ras_keras.benchmark.networks.listed import plain_places
from ras_keras.benchmark.networks.memory import memory_rows
from ras_keras.benchmark.networks.profile import profile_rows
from ras_keras.benchmark.networks.size import size_rows
from ras_keras.benchmark.networks.speed import FOLDED_INFERENCE, INFERENCE, TRAINING, speed_rows
from ras_keras.commands.benchmarks.common import (
    Networks,
    Repeats,
    Spelled,
    Steps,
    needs_tensorflow,
    recipes_of,
)
from ras_keras.commands.line.fields import File, among
from ras_keras.errors import UserError
from ras_keras.layers.registry import NONE
from ras_keras.papers.tables import TABLES
from ras_keras.recipes import NetworkRecipe
from ras_keras.recipes.execution import Jit, Precision
from ras_keras.training import Recipe, check_recipe, resolve
from ras_keras.values.choices import one_of


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
class BenchmarkProfile(NetworksOfAnyPrecision):
    """Show where the time of a training step goes: by kind of layer, forward and backward."""

    usual_depth = 20

    depths: tuple[int, ...] = ()
    """Of every model; none given is 20 where the model has it, else the published one."""
    attentions: tuple[Spelled, ...] = (NONE, "ras")
    """Names, options may follow: ras:k=3,normalize_input=False, dia:attention_stages=1+3."""
    batch_size: int = 128
    """Images per batch."""
    seed: int = 0
    """Of the weights and the images."""
    repeats: Repeats = 5
    """Rounds in which all networks are traced in turn; the median counts."""
    steps: Steps = 2
    """Batches per trace."""
    output: File | None = None
    """CSV file for the figures, such as results/profile.csv."""


def measure_size(options: BenchmarkModel) -> list[dict]:
    needs_tensorflow("count operations; measure networks")
    return size_rows(recipes_of(options, precision=options.precision), options.classes)


def measure_inference(options: BenchmarkInference) -> list[dict]:
    return _speed(options, FOLDED_INFERENCE if options.fold else INFERENCE)


def measure_training(options: BenchmarkTraining) -> list[dict]:
    return _speed(options, TRAINING)


def measure_memory(options: BenchmarkMemory) -> list[dict]:
    recipes, beside = _beside_plain(options)
    return memory_rows(recipes, options.classes, options.steps, beside)


def measure_profile(options: BenchmarkProfile) -> list[dict]:
    needs_tensorflow("trace operations; profile networks")
    if devices.gpus():
        raise UserError("a profile is that of a CPU; CUDA_VISIBLE_DEVICES=-1 leaves the GPU out.")
    settings = {name: getattr(options, name) for name in ("batch_size", "seed", "precision")}
    recipes = recipes_of(options, jit="off", **settings)
    return profile_rows(recipes, options.classes, options.repeats, options.steps)


def _speed(options: BenchmarkTraining, what: str) -> list[dict]:
    recipes, beside = _beside_plain(options)
    return speed_rows(recipes, what, options.classes, options.repeats, options.steps, beside)


def _beside_plain(options: NetworksBesidePlain) -> tuple[list[Recipe], list[int]]:
    """The networks, and which of them each is set beside."""
    settings = {name: getattr(options, name) for name in ("batch_size", "jit", "seed", "precision")}
    if options.table is not None:
        return _of_table(options, **settings)
    recipes = recipes_of(options, with_plain=True, **settings)
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
