"""Refuses recipes that cannot be run."""

import dataclasses
import math
import re
from pathlib import Path

from ras_keras.data.registry import check_dataset
from ras_keras.errors import UserError, first_line
from ras_keras.imports import import_modules
from ras_keras.json_files import read_json
from ras_keras.layers.connections import connection_names
from ras_keras.layers.registry import (
    ANY,
    ATTENTION,
    NONE,
    constructor_arguments,
    make_attention,
)
from ras_keras.loading import check_model_file
from ras_keras.models.registry import MODELS
from ras_keras.training.least_network import least_images, least_network
from ras_keras.training.recipe import (
    ATTENTION_OPTIONS,
    DECAYS,
    JIT,
    NETWORK_OPTIONS,
    PRECISIONS,
    PROTOCOLS,
    RECIPES,
    Recipe,
    flag,
    network_options,
    one_of,
)
from ras_keras.training.trained_model import TrainedModel

# What is larger is a slip, and would be counted to for hours.
MOST = {
    **{"k": 100, "cells": 100, "depth": 10_000, "widen_factor": 1_000, "image_size": 10_000},
    **{"epochs": 1_000_000, "batch_size": 1_000_000, "steps_per_execution": 1_000_000},
    **{"crop_padding": 10_000, "cutout": 10_000, "cutmix": 1_000},
}


def check_recipe(recipe: Recipe) -> None:
    """Refuses what cannot be run, before data are read or a network is built.

    Raises:
        UserError: naming the flag, its value and the way out.
    """
    check_values(recipe)
    import_modules(recipe.imports)
    one_of("--attention", recipe.attention, (NONE, *ATTENTION))
    one_of("--connection", recipe.connection, (None, NONE, *connection_names()))
    _check_network(recipe)
    if recipe.weights is not None:
        check_model_file(TrainedModel.find(recipe.weights).path)
    check_dataset(recipe.dataset, recipe.data_dir, recipe.download, recipe.image_size)


def read_recipe(file: Path, remedy: str) -> Recipe:
    """The recipe in a file.

    Args:
        file: that `Recipe.to_dict` was written to.
        remedy: what to do about a damaged one.

    Raises:
        UserError: naming the file and what in it cannot be right.
    """
    return read_json(file, Recipe, remedy, check_values)


def check_values(recipe: Recipe) -> None:
    """Refuses names and numbers that no recipe can have; attention of the user's may be any.

    Raises:
        UserError: naming the flag, its value and the way out.
    """
    one_of("--recipe", recipe.recipe, RECIPES)
    one_of("--protocol", recipe.protocol, PROTOCOLS)
    one_of("--precision", recipe.precision, (None, *PRECISIONS))
    one_of("--jit", recipe.jit, JIT)
    one_of("--decay", recipe.decay, DECAYS)
    one_of("--model", recipe.model, MODELS)
    for name in (
        "epochs",
        "batch_size",
        "steps_per_execution",
        "image_size",
        "training_images",
    ):
        _require(recipe, name, getattr(recipe, name) is None or getattr(recipe, name) >= 1, ">= 1")
    for name in ("learning_rate", "schedule_factor"):
        _require(recipe, name, 0 < getattr(recipe, name) < float("inf"), "> 0")
    for name in ("momentum", "validation_split", "label_smoothing", "average_weights"):
        _require(recipe, name, 0 <= getattr(recipe, name) < 1, "in [0, 1)")
    for name in ("weight_decay", "warmup_epochs", "crop_padding", "cutout", "cutmix"):
        _require(recipe, name, 0 <= (getattr(recipe, name) or 0) < float("inf"), ">= 0")
    if recipe.cutout and recipe.cutmix:
        raise UserError(
            f"--cutout {recipe.cutout} and --cutmix {recipe.cutmix:g} exclude each other; set one "
            "of them to 0."
        )
    for name, most in MOST.items():
        _require(recipe, name, (getattr(recipe, name) or 1) <= most, f"at most {most:,}")
    for name in ("gamma_initializer", "beta_initializer"):
        _require(recipe, name, math.isfinite(getattr(recipe, name) or 0), "finite")
    if recipe.warmup_epochs >= recipe.epochs:
        raise UserError(
            f"--warmup-epochs {recipe.warmup_epochs} (recipe {recipe.recipe}) must be less than "
            f"--epochs {recipe.epochs}; give --warmup-epochs 0 for none."
        )
    _require(recipe, "seed", 0 <= recipe.seed < 2**31, "in [0, 2147483647]")
    _require(
        recipe,
        "schedule",
        list(recipe.schedule) == sorted({*recipe.schedule})
        and min(recipe.schedule, default=1) >= 1,
        "rising epochs >= 1",
    )


def _check_network(recipe):
    """Builds the network at its least depth, to see whether its parts fit together."""
    family = MODELS[recipe.model]
    _check_attention_options(recipe)
    for name in NETWORK_OPTIONS:
        given = getattr(recipe, name)
        if given is not None and given is not True and name not in network_options(recipe.model):
            given = flag(f"no_{name}") if given is False else f"{flag(name)} {given}"
            takers = [other for other in MODELS if name in network_options(other)]
            raise UserError(
                f"{given} says nothing to --model {recipe.model}; {', '.join(takers)} has it."
            )
    try:
        family.blocks(recipe.network_arguments()["depth"])
        layer = make_attention(*recipe.attention_arguments())
        model = least_network(recipe)
        if layer is not None:
            type(layer).from_config(layer.get_config())
    # A layer of the user's may fail in any way.
    except Exception as error:
        # Arguments are quoted in the messages; here they are flags.
        message = re.sub(r"`(\w+)`", lambda name: flag(name[1]), first_line(error))
        if not isinstance(error, ValueError):
            message = (
                f"--attention {recipe.attention} does not work in {recipe.model} "
                f"({type(error).__name__}: {message}); a layer must keep the shape of its "
                "input, and be made again from its get_config."
            )
        raise UserError(message) from error
    if recipe.batch_size is not None and recipe.batch_size < least_images(model):
        raise UserError(
            f"--batch-size {recipe.batch_size} is too small for --attention {recipe.attention}, "
            "which normalizes over the batch and would make the same gate of every image; give "
            "--batch-size 2 or more, or --connection none."
        )


def _check_attention_options(recipe):
    """Refuses options that the attention does not take; `make_attention` sees to k."""
    valid = []
    if recipe.attention != NONE:
        valid = ["attention_stages", *constructor_arguments(ATTENTION[recipe.attention])]
    options = ("attention_stages", *ATTENTION_OPTIONS)
    for each in dataclasses.fields(recipe):
        given = getattr(recipe, each.name)
        if each.name not in options or given == each.default:
            continue
        if each.name == "k" and valid:
            continue
        if each.name not in valid and ANY not in valid:
            flags = [flag(option) for option in options if option in valid]
            raise UserError(
                f"{flag(each.name)} {given} says nothing to --attention {recipe.attention}, "
                f"which takes {', '.join(flags) or 'no options'}."
            )


def check_count(name: str, value: int, most: int) -> None:
    """Refuses what is not from 1 to `most`.

    Args:
        name: of a field.
        value: of it.
        most: its bound.

    Raises:
        UserError: naming the flag and the value.
    """
    for holds, what in ((value >= 1, ">= 1"), (value <= most, f"at most {most:,}")):
        if not holds:
            raise UserError(f"{flag(name)} must be {what}. Received: {value}")


def _require(recipe, name, holds, what):
    if not holds:
        raise UserError(f"{flag(name)} must be {what}. Received: {getattr(recipe, name)}")
