"""Measure the input pipeline, or what attention costs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import keras

from ras_keras.commands.flags import parse_with_recipe
from ras_keras.errors import UserError
from ras_keras.imports import import_modules
from ras_keras.layers.registry import ATTENTION, NONE
from ras_keras.report.attention_cost import attention_costs, write_costs
from ras_keras.report.data_speed import pipeline_speed, training_speed
from ras_keras.training import RECIPES, Recipe, check_recipe, devices, resolve
from ras_keras.training.prepared_data import load_data
from ras_keras.training.recipe import flag, one_of


@dataclass(frozen=True)
class BenchmarkData:
    """Measure the input pipeline: alone, and its share of a training step."""

    recipe: Recipe = field(default_factory=lambda: RECIPES["paper"])
    repeats: int = 5
    """Measurements, of which the median counts."""
    steps: int = 20
    """Training steps a measurement."""


@dataclass(frozen=True)
class BenchmarkAttention:
    """Measure what attention costs: parameters, FLOPs, images/s beside the plain network."""

    recipe: Recipe = field(default_factory=lambda: RECIPES["paper"])
    attentions: tuple[str, ...] = tuple(ATTENTION)
    """Names of attention modules; the plain network is always measured."""
    repeats: int = 5
    """Rounds in which all networks are measured in turn; the median counts."""
    steps: int = 5
    """Batches a measurement."""
    output: str | None = None
    """CSV file for the figures."""


def main(arguments: Sequence[str], program: str) -> None:
    what, *flags = arguments or ["--help"]
    if what in ("-h", "--help"):
        print(f"usage: {program} WHAT [FLAGS]\n")
        for name, (_, cls) in KINDS.items():
            print(f"  {name:10} {cls.__doc__}")
        print(f"\n{program} WHAT --help lists the flags.")
        return
    one_of("what to measure", what, KINDS)
    measure, cls = KINDS[what]
    options = parse_with_recipe(cls, flags, f"{program} {what}")
    for name in ("repeats", "steps"):
        if getattr(options, name) < 1:
            raise UserError(f"{flag(name)} must be >= 1. Received: {getattr(options, name)}")
    measure(options)


def _data(options: BenchmarkData) -> None:
    check_recipe(options.recipe)
    recipe = resolve(options.recipe)
    data = load_data(recipe)
    speeds = pipeline_speed(data.batches, options.repeats)
    print(
        f"pipeline alone        median {speeds.median:,.0f} images/s "
        f"({speeds.low:,.0f} to {speeds.high:,.0f}, n={options.repeats})",
        flush=True,
    )
    speeds, shares = training_speed(recipe, data, options.repeats, options.steps)
    print(
        f"training at depth {recipe.depth:<4} median {speeds.median:,.0f} images/s "
        f"({speeds.low:,.0f} to {speeds.high:,.0f}, n={options.repeats})"
    )
    print(
        f"waiting for data      median {100 * shares.median:.2f} % of a training step "
        f"({100 * shares.low:.2f} to {100 * shares.high:.2f}, n={options.repeats})"
    )


def _attention(options: BenchmarkAttention) -> None:
    if options.recipe.attention != RECIPES["paper"].attention:
        raise UserError(
            f"--attention {options.recipe.attention} says nothing here; name modules by "
            "--attentions."
        )
    import_modules(options.recipe.imports)
    for name in options.attentions:
        one_of("--attentions", name, (NONE, *ATTENTION))
    output = options.output and Path(options.output)
    if output and not output.parent.is_dir():
        raise UserError(f"--output {output}: there is no folder {output.parent}; make it first.")
    if keras.backend.backend() != "tensorflow":
        raise UserError(
            f"KERAS_BACKEND {keras.backend.backend()} cannot count operations; measure attention "
            "on tensorflow."
        )
    variants = [
        options.recipe.with_attention(name) for name in dict.fromkeys((NONE, *options.attentions))
    ]
    for variant in variants:
        check_recipe(variant)
    recipes = [resolve(variant) for variant in variants]
    recipe = recipes[0]
    costs = attention_costs(recipes, load_data(recipe), options.repeats, options.steps)
    shared = {
        "model": recipe.model,
        "depth": recipe.depth,
        "batch_size": recipe.batch_size,
        "precision": recipe.precision,
        "device": devices.description(),
        "n": options.repeats,
    }
    print(", ".join(f"{name} {value}" for name, value in shared.items()))
    print("attention    parameters   MFLOPs   training images/s       inference images/s")
    for cost in costs:
        print(
            f"{cost.attention:10} {cost.parameters:12,} {cost.flops / 1e6:8.2f}"
            f"{_speed(cost.training, cost.training_ratio)}"
            f"{_speed(cost.inference, cost.inference_ratio)}"
        )
    if output:
        write_costs(output, costs, shared)
        print(f"figures  {output}")


def _speed(speed, ratio) -> str:
    return f"{speed.median:9,.0f} ({ratio.median:.2f} of plain)"


KINDS = {"data": (_data, BenchmarkData), "attention": (_attention, BenchmarkAttention)}
