"""Refuses recipes that cannot be run."""

import dataclasses
import re

from ras_keras.data.registry import check_dataset
from ras_keras.errors import UserError, first_line
from ras_keras.imports import import_modules
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
    NETWORK_OPTIONS,
    Recipe,
    flag,
    network_options,
    one_of,
)
from ras_keras.training.recipe_values import check_values
from ras_keras.training.trained_model import TrainedModel


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
