"""Refuses recipes that cannot be run."""

import keras

from ras_keras.backend.imports import import_modules
from ras_keras.data.registry import check_dataset
from ras_keras.errors import Argument, UserError, first_line
from ras_keras.layers.registry import NONE, make_attention
from ras_keras.pretrained import named
from ras_keras.recipes.network import SAVED, NetworkRecipe, attention_kinds, family_of
from ras_keras.recipes.recipe import Recipe
from ras_keras.recipes.resolving import given, resolve
from ras_keras.recipes.values import check_values, in_recipe
from ras_keras.runs.trained_model import TrainedModel
from ras_keras.saving.loading import check_model_file
from ras_keras.training.least_network import least_images, least_network
from ras_keras.training.saved_network import check_precision


def check_recipe(recipe: Recipe) -> None:
    """Refuses what cannot be run, before data are read or a network is built.

    Raises:
        UserError: naming the argument, its value and the way out.
    """
    import_modules(recipe.network.imports)
    check_values(recipe)
    weights = recipe.network.weights
    # The checksum of a model of the package is looked at when it is opened.
    if weights is not None and not named(weights):
        check_model_file(TrainedModel.find(weights).path)
    model = _checked_network(recipe.network, recipe.optimization.batch_size)
    if recipe.network.family == SAVED:
        check_precision(model, given(resolve(recipe).execution.precision), recipe.network.weights)
    data = recipe.data
    check_dataset(data.dataset, data.data_dir, data.download, **data.reading())


def _checked_network(network: NetworkRecipe, batch_size: int | None) -> keras.Model:
    """Builds the network at its least depth, to see whether its parts fit together."""
    arguments = network.arguments()
    if network.attention == NONE and network.with_attention(NONE) != network:
        raise UserError(
            Argument("model", network.model),
            ": attention_stages says nothing to ",
            Argument("attention", NONE),
            "; leave it out.",
        )
    try:
        depths = family_of(network.model).depths(arguments)
        if depths is not None:
            depths.check(arguments["depth"])
        layer = make_attention(*network.attention_arguments())
        model = least_network(network)
        if layer is not None:
            type(layer).from_config(layer.get_config())
    except UserError:
        raise
    # A layer of the user's may fail in any way.
    except Exception as error:
        if isinstance(error, ValueError):
            raise UserError(*in_recipe(error, network)) from error
        raise UserError(
            Argument("attention", network.attention),
            f" does not work in {network.family} ({type(error).__name__}: {first_line(error)}); a "
            "layer must keep the shape of its input, and be made again from its get_config.",
        ) from error
    if batch_size is not None and batch_size < least_images(model):
        whose = Argument("attention", network.attention)
        way_out: tuple[str | Argument, ...] = (".",)
        if network.family == SAVED:
            whose = Argument("weights", network.weights)
        elif "connection" in attention_kinds(network.attention_name):
            bare = Argument("attention", f"{network.attention_name}:connection=none")
            way_out = ", or ", bare, "."
        raise UserError(
            Argument("batch_size", batch_size),
            " is too small for ",
            whose,
            ", which normalizes over the batch and would make the same gate of every image; give ",
            Argument("batch_size", 2),
            " or more",
            *way_out,
        )
    return model
