"""Refuses names and numbers that no recipe can have, and reads recipes from files."""

from pathlib import Path

from ras_keras.errors import Argument, ArgumentError, UserError, first_line
from ras_keras.layers.registry import ATTENTION, NONE, make_attention
from ras_keras.recipes.data import DataRecipe
from ras_keras.recipes.named import NAMED
from ras_keras.recipes.network import SAVED, NetworkRecipe, family_of, model_kinds
from ras_keras.recipes.optimization import DescentRecipe
from ras_keras.recipes.parted import names_in
from ras_keras.recipes.recipe import PARTS, Recipe
from ras_keras.saving.config import MOST_APPLICATIONS
from ras_keras.values.checks import check_at_least_one
from ras_keras.values.choices import one_of
from ras_keras.values.field_checks import check_fields
from ras_keras.values.json_files import parse_json, read_json
from ras_keras.values.options import split

# What a run folder calls its recipe.
RECIPE = "recipe.json"
# Options of which a model has at most `MOST_APPLICATIONS`, or it could not be loaded again.
REPEATED = ("k", "cells")


def read_recipe(file: Path, remedy: str) -> Recipe:
    """The recipe in a file.

    Args:
        file: that `Recipe.to_dict` was written to.
        remedy: what to do about a damaged one.

    Raises:
        UserError: naming the file and what in it cannot be right, that it is none of a recipe, or
            of a version before 0.6.
    """
    if is_older(file):
        way_on: tuple[str | Argument, ...] = ("give its values one by one.",)
        if file.name == RECIPE:
            best = file.with_name("best.keras")
            way_on = "start a new run from the old weights: ", Argument("weights", best)
        raise UserError(
            f"{file} was written by ras_keras 0.5 or earlier, whose recipes had no parts; ", *way_on
        )
    keys = _keys(file)
    if keys is not None and "detector" in keys:
        raise UserError(
            f"{file} is the recipe of a detector, where a classifier is asked for; detect.py "
            "trains, evaluates and exports detectors."
        )
    if keys is not None and not keys & {*PARTS}:
        raise UserError(f"{file} is no recipe of ras_keras: it lacks {', '.join(PARTS)}; {remedy}.")
    return read_json(file, Recipe, remedy, check_values)


def is_older(file: Path) -> bool:
    """Whether a file holds a recipe of a version before 0.6, which has no parts."""
    keys = _keys(file) or set()
    return not keys & {*PARTS} and {"dataset", "attention", "epochs"} <= keys


def _keys(file: Path) -> set[str] | None:
    """Those of the object in a JSON file, None if it holds none."""
    try:
        return {*parse_json(file.read_bytes(), dict[str, object])}
    except (OSError, ValueError):
        return None


def check_values(recipe: Recipe) -> None:
    """Refuses names and numbers that no recipe can have; attention of the user's may be any.

    Raises:
        UserError: naming the argument, its value and the way out.
    """
    one_of(Argument("recipe"), recipe.recipe, NAMED)
    for part in PARTS:
        check_fields(getattr(recipe, part))
    family_of(recipe.network.model)
    _check_attention(recipe.network)
    data = recipe.data
    if data.cutout and data.cutmix:
        raise UserError(
            Argument("cutout", data.cutout),
            " and ",
            Argument("cutmix", data.cutmix),
            " exclude each other; set one of them to 0.",
        )
    _check_crops(data)
    _check_weights(recipe)
    check_warmup(recipe.optimization, recipe.recipe)


def check_warmup(descent: DescentRecipe, recipe: str) -> None:
    """Refuses a warm-up that is not over before the training is.

    Args:
        descent: of the recipe.
        recipe: its name.

    Raises:
        UserError: naming both numbers of epochs.
    """
    if descent.warmup_epochs >= descent.epochs:
        raise UserError(
            Argument("warmup_epochs", descent.warmup_epochs),
            f" (recipe {recipe}) must be less than ",
            Argument("epochs", descent.epochs),
            "; give ",
            Argument("warmup_epochs", 0),
            " for none.",
        )


def _check_crops(data: DataRecipe) -> None:
    """Refuses what says nothing of the crops that are made."""
    scale = Argument("crop_scale")
    if data.crop_scale and data.crop_padding is not None:
        padding = Argument("crop_padding", data.crop_padding)
        raise UserError(padding, " says nothing beside ", scale, "; leave one of them out.")
    if not data.crop_scale and data.crop_ratio != DataRecipe.crop_ratio:
        ratio = Argument("crop_ratio", data.crop_ratio)
        raise UserError(ratio, " says nothing without ", scale, "; give both.")


def _check_weights(recipe: Recipe) -> None:
    """Refuses what says how weights go on that are not given."""
    network, optimization = recipe.network, recipe.optimization
    frozen = Argument("freeze", optimization.freeze)
    slow = Argument("weights_rate", optimization.weights_rate)
    if network.family == SAVED and network.weights is None:
        raise UserError(
            Argument("model", SAVED),
            " is the network of ",
            Argument("weights"),
            ", which names nothing; name a .keras file or a run folder.",
        )
    options = split(network.model)[1]
    if network.family == SAVED and network.attention == NONE and options:
        raise UserError(
            Argument("model", network.model),
            f": {', '.join(options)} says nothing to ",
            Argument("attention", NONE),
            "; leave it out.",
        )
    given = [*([frozen] if frozen.value else []), *([slow] if slow.value != 1 else [])]
    if len(given) == 2:
        raise UserError(frozen, " and ", slow, " exclude each other; leave one of them out.")
    if network.weights is None and given:
        raise UserError(given[0], " says nothing without ", Argument("weights"), "; give both.")


def _check_attention(network: NetworkRecipe) -> None:
    if network.attention_name not in ATTENTION:
        return
    name, config = network.attention_arguments()
    try:
        for option, value in (config or {}).items():
            if option in REPEATED:
                check_at_least_one(option, value, MOST_APPLICATIONS)
        make_attention(name, config)
    except ValueError as error:
        raise UserError(*in_recipe(error, network)) from error
    # A layer of the user's may fail in any way; `check_recipe` says how.
    except Exception:
        return


def in_recipe(error: Exception, network: NetworkRecipe) -> tuple:
    """The parts of an error of a layer or a network; those about an option begin with all of them.

    Args:
        error: whatever was raised; of one that carries no argument the attention is named.
        network: that was to be built.
    """
    parts = error.args if isinstance(error, ArgumentError) else (first_line(error),)
    about = parts[0].name if isinstance(parts[0], Argument) else ""
    if any(about in names_in(part) for part in PARTS.values()):
        return parts
    if about in split(network.aggregation)[1]:
        given = Argument("aggregation", network.aggregation)
    elif about in split(network.attention)[1]:
        given = Argument("attention", network.attention)
    elif network.attention == NONE or about in model_kinds(network.model):
        given = Argument("model", network.model)
    else:
        given = Argument("attention", network.attention)
    return given, ": ", about, *parts[1 if about else 0 :]
