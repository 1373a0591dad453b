"""The least network of a recipe's kind, which answers for all of them."""

import warnings

import keras

from ras_keras.backend.keras_graph import all_layers
from ras_keras.recipes.network import SAVED, NetworkRecipe, family_of
from ras_keras.training.saved_network import saved_network


def least_network(network: NetworkRecipe) -> keras.Model:
    """The recipe's network at its least depth."""
    if network.family == SAVED:
        # What it warns of is said when it is built for the run.
        with warnings.catch_warnings(action="ignore"):
            return saved_network(network, classes=2).model
    family, arguments = family_of(network.model), network.arguments()
    depths = family.depths(arguments)
    return family.build(**arguments | ({} if depths is None else {"depth": depths.least}))


def least_images(model: keras.Model) -> int:
    """Images that a batch needs to train the network.

    2 if one of its layers normalizes vectors over the batch, as gates do: of one image such a
    normalization makes 0, whatever the image. Else 1: in maps it has a number per place.
    """
    normalizations = [
        layer
        for layer in all_layers(model)
        if isinstance(layer, keras.layers.BatchNormalization) and layer.built
    ]
    return 2 if any(layer.input_spec.ndim == 2 for layer in normalizations) else 1
