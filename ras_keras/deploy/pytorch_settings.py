"""What a checkpoint's entries say of the network that they are from."""

from itertools import takewhile

import numpy as np

from ras_keras.deploy.pytorch_names import NAMING, Entries, dense_names, unit_names
from ras_keras.errors import UserError
from ras_keras.layers.registry import NONE
from ras_keras.models.registry import MODELS
from ras_keras.models.stages import STAGES
from ras_keras.models.wide_resnet import STAGE_FILTERS as WIDE_RESNET_FILTERS
from ras_keras.training.recipe import Recipe

# ResNet1202 has 200 of two convolutions.
MOST_BLOCKS = 200
ATTENTIONS = (NONE, "ras", "se", "dia")


def classes(entries: Entries, source: str) -> int:
    """How many classes the classifier has.

    Raises:
        UserError: if there is none.
    """
    weight = entries.get("fc.weight")
    if weight is None or weight.ndim != 2 or not len(weight):
        raise UserError(
            f"{source} has no entry fc.weight of two dimensions, from which the number of classes "
            "is read; give a checkpoint of a whole network."
        )
    return len(weight)


def inferred(recipe: Recipe, entries: Entries, source: str) -> dict:
    """Fields of a recipe that it leaves open and the entries decide.

    Args:
        recipe: with a model of `NAMING` and an attention of `ATTENTIONS`.
        entries: of the checkpoint.
        source: what it is called in messages.

    Raises:
        UserError: if k and normalize_input contradict the number of batch normalizations.
    """
    found = {}
    naming, family = NAMING[recipe.model], MODELS[recipe.model]
    below = entries.under(naming.of_stage(1))
    blocks = len({name.split(".")[1] for name in below if name.split(".")[1].isdigit()})
    if blocks > MOST_BLOCKS:
        raise UserError(
            f"{source} has {blocks:,} blocks in its first stage, more than the {MOST_BLOCKS} of "
            "the deepest published network; give a checkpoint of the papers' networks."
        )
    if recipe.depth is None and blocks:
        layers_per_depth = naming.convolutions * len(STAGES)
        found["depth"] = family.least_depth + layers_per_depth * (blocks - 1)
    if recipe.model == "wrn":
        found |= _widen_factor(entries.get(f"{naming.of_block(1, 1)}.conv1.weight"))
    if recipe.attention == "ras":
        found |= _applications(recipe, entries, source)
    elif recipe.attention == "se":
        names = dense_names(entries, naming.of_block(1, 1), naming)
        found |= _reduction([entries[name] for name in names])
        found["use_bias"] = len(names) != 2
    elif recipe.attention == "dia":
        names = unit_names(entries, naming.of_stage(1), "ih")
        # Four entries for the first cell, two for each that is stacked on it.
        found["cells"] = max(1, (len(names) - 2) // 2)
        found |= _reduction([entries[name] for name in names])
    return {name: value for name, value in found.items() if getattr(recipe, name) != value}


def _applications(recipe, entries, source):
    """k and normalize_input, of which the number of batch normalizations decides one."""
    naming = NAMING[recipe.model]
    block = naming.of_block(1, 1)
    names = (f"{block}.{naming.of_connection(place)}.weight" for place in range(len(entries)))
    connections = len(list(takewhile(lambda name: name in entries, names)))
    k, normalize_input = recipe.k, recipe.normalize_input
    if normalize_input is None:
        # The released network's reading, unless it cannot be.
        normalize_input = k is not None and k == connections
    expected = connections if normalize_input else connections + 1
    if k not in (None, expected) or not expected:
        raise UserError(
            f"{source} has {connections} batch normalizations between the applications of a "
            f"block: --k {connections + 1} with --no-normalize-input, as the authors' code has "
            f"it, or --k {connections} with --normalize-input. Received: k={k}, "
            f"normalize_input={recipe.normalize_input}"
        )
    return {"k": expected, "normalize_input": normalize_input}


def _widen_factor(kernel: np.ndarray | None) -> dict:
    factor = 0 if kernel is None else len(kernel) // WIDE_RESNET_FILTERS[0]
    return {"widen_factor": factor} if factor else {}


def _reduction(arrays: list[np.ndarray]) -> dict:
    """The ratio of the inputs to the hidden units of the first dense layer."""
    shape = arrays[0].shape if arrays else ()
    fits = len(shape) >= 2 and 1 <= shape[0] <= shape[1]
    return {"reduction_ratio": shape[1] // shape[0]} if fits else {}
