"""Refuses names and numbers that no recipe of a detector can have; reads recipes from files."""

import dataclasses
from pathlib import Path

from ras_keras.backend import devices
from ras_keras.detection.recipes.named import NAMED
from ras_keras.detection.recipes.recipe import DetectionRecipe
from ras_keras.errors import Argument, UserError
from ras_keras.recipes.network import SAVED, family_of
from ras_keras.recipes.values import check_warmup
from ras_keras.values.choices import one_of
from ras_keras.values.field_checks import check_fields
from ras_keras.values.json_files import read_json

# Images per step of the published detectors.
BATCH_SIZE = 16


def read_detection_recipe(file: Path, remedy: str) -> DetectionRecipe:
    """The recipe in a file that `to_dict` was written to.

    Args:
        file: of JSON.
        remedy: what to do about a damaged one.

    Raises:
        UserError: naming the file and what in it cannot be right, such as a classifier's recipe.
    """
    return read_json(file, DetectionRecipe, remedy, check_detection_recipe)


def check_detection_recipe(recipe: DetectionRecipe) -> None:
    """Refuses names and numbers that no recipe can have.

    Raises:
        UserError: naming the argument, its value and the way out.
    """
    one_of(Argument("recipe"), recipe.recipe, NAMED)
    for part in DetectionRecipe.parts():
        check_fields(getattr(recipe, part))
    family_of(recipe.detector.model)
    if recipe.detector.family == SAVED:
        raise UserError(
            Argument("model", SAVED), " is no backbone; name one such as imagenet_resnet."
        )
    recipe.detector.arguments()
    check_warmup(recipe.descent, recipe.recipe)


def resolve(recipe: DetectionRecipe) -> DetectionRecipe:
    """Fills in what a recipe leaves to the network and the device."""
    return dataclasses.replace(recipe, detector=recipe.detector.resolved()).replace(
        batch_size=recipe.descent.batch_size or BATCH_SIZE,
        precision=recipe.execution.precision or devices.default_precision(),
    )
