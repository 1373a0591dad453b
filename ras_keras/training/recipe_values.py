"""Refuses names and numbers that no recipe can have."""

import math
from pathlib import Path

from ras_keras.data.image_files import MAXIMUM_SIDE
from ras_keras.errors import UserError
from ras_keras.json_files import read_json
from ras_keras.models.registry import MODELS
from ras_keras.training.recipe import (
    DECAYS,
    JIT,
    PRECISIONS,
    PROTOCOLS,
    RECIPES,
    Recipe,
    flag,
    one_of,
)

# What is larger is a slip, and would be counted to for hours.
MOST = {
    **{"k": 100, "cells": 100, "depth": 10_000, "widen_factor": 100, "image_size": MAXIMUM_SIDE},
    **{"epochs": 1_000_000, "batch_size": 1_000_000, "steps_per_execution": 1_000_000},
    **{"crop_padding": 10_000, "cutout": 10_000, "cutmix": 1_000},
}


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
