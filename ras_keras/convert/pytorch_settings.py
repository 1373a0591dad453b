"""What a checkpoint's entries say of the network that they are from."""

from dataclasses import replace
from itertools import takewhile

import numpy as np

from ras_keras.convert.layouts import Naming, naming_of
from ras_keras.convert.pytorch_names import Entries, dense_names, unit_names
from ras_keras.errors import Argument, UserError
from ras_keras.layers.registry import NONE
from ras_keras.models.imagenet_resnet import DEPTHS
from ras_keras.models.imagenet_resnet import STAGES as IMAGENET_STAGES
from ras_keras.models.parts.stages import STAGES
from ras_keras.models.registry import MODELS
from ras_keras.models.wide_resnet import STAGE_FILTERS as WIDE_RESNET_FILTERS
from ras_keras.recipes.network import NetworkRecipe
from ras_keras.values.options import split, with_options

# ResNet1202 has 200 of two convolutions.
MOST_BLOCKS = 200
# Options of a model, not of its attention.
OF_MODEL = ("widen_factor", "cardinality", "base_width")
# Families of three stages with as many blocks.
CIFAR = ("resnet", "preresnet", "wrn")
ATTENTIONS = (NONE, "ras", "se", "dia", "eca")


def classes(entries: Entries, classifier: str, source: str) -> int:
    """How many classes the classifier has.

    Raises:
        UserError: if there is none.
    """
    weight = entries.get(f"{classifier}.weight")
    if weight is None or weight.ndim != 2 or not len(weight):
        raise UserError(
            f"{source} has no entry {classifier}.weight of two dimensions, from which the number "
            "of classes is read; give a checkpoint of a whole network."
        )
    return len(weight)


def inferred(recipe: NetworkRecipe, entries: Entries, source: str) -> dict:
    """The depth and the options that a recipe leaves open and the entries decide.

    Args:
        recipe: with a model of `NAMING` and an attention of `ATTENTIONS`.
        entries: of the checkpoint.
        source: what it is called in messages.

    Raises:
        UserError: if k and normalize_input contradict the number of batch normalizations.
    """
    naming = naming_of(recipe)
    found = _aggregation(entries, naming)
    if recipe.family == "imagenet_resnet":
        found |= _imagenet_resnet(entries, naming)
    depths = MODELS[recipe.family].depths({})
    blocks = _blocks(entries, naming, 1)
    if blocks > MOST_BLOCKS:
        raise UserError(
            f"{source} has {blocks:,} blocks in its first stage, more than the {MOST_BLOCKS} of "
            "the deepest published network; give a checkpoint of the papers' networks."
        )
    if recipe.family in CIFAR and depths is not None and recipe.depth is None and blocks:
        layers_per_depth = naming.convolutions * len(STAGES)
        found["depth"] = depths.least + layers_per_depth * (blocks - 1)
    if recipe.family == "wrn":
        found |= _widen_factor(entries.get(f"{naming.of_block(1, 1)}.conv1.weight"))
    if recipe.attention_name == "ras":
        found |= _applications(recipe, entries, source)
    elif recipe.attention_name == "se":
        names = dense_names(entries, naming.of_block(1, 1), naming)
        found |= _reduction([entries[name] for name in names])
        found["use_bias"] = len(names) != 2
    elif recipe.attention_name == "dia":
        names = unit_names(entries, naming.of_stage(1), "ih")
        # Four entries for the first cell, two for each that is stacked on it.
        found["cells"] = max(1, (len(names) - 2) // 2)
        found |= _reduction([entries[name] for name in names])
    given = {"depth": recipe.depth} | _options(recipe)
    return {name: value for name, value in found.items() if given.get(name) != value}


def completed(recipe: NetworkRecipe, found: dict) -> NetworkRecipe:
    """The recipe with what `inferred` found."""
    options = {name: value for name, value in found.items() if name != "depth"}
    channels = options.pop("channels", None)
    of_model = {name: options.pop(name) for name in OF_MODEL if name in options}
    return replace(
        recipe,
        depth=found.get("depth", recipe.depth),
        model=with_options(recipe.model, **of_model),
        attention=with_options(recipe.attention, **options),
        aggregation=recipe.aggregation
        if channels is None
        else with_options(recipe.aggregation, channels=channels),
    )


def _options(recipe):
    """The options that are given to the attention and the model."""
    given = recipe.arguments()
    return (
        (given["attention_config"] or {})
        | (given["aggregation_config"] or {})
        | {name: given[name] for name in OF_MODEL if name in split(recipe.model)[1]}
    )


def _applications(recipe, entries, source):
    """k and normalize_input, of which the number of batch normalizations decides one."""
    naming = naming_of(recipe)
    block = naming.of_block(1, 1)
    names = (f"{block}.{naming.of_connection(place)}.weight" for place in range(len(entries)))
    connections = len(list(takewhile(lambda name: name in entries, names)))
    given = _options(recipe)
    k, normalize_input = given.get("k"), given.get("normalize_input")
    if normalize_input is None:
        # The released network's reading, unless it cannot be.
        normalize_input = k is not None and k == connections
    expected = connections if normalize_input else connections + 1
    if k not in (None, expected) or not expected:
        raise UserError(
            f"{source} has {connections} batch normalizations between the applications of a "
            "block: ",
            Argument("k", connections + 1),
            " ",
            Argument("attention", "ras:normalize_input=False"),
            ", as the authors' code has it, or ",
            Argument("k", connections),
            " ",
            Argument("attention", "ras:normalize_input=True"),
            ". Received: ",
            Argument("attention", recipe.attention),
        )
    return {"k": expected, "normalize_input": normalize_input}


def _blocks(entries: Entries, naming: Naming, stage: int) -> int:
    """How many blocks a stage has."""
    prefix = naming.of_stage(stage)
    numbers = (name[len(prefix) + 1 :].partition(".")[0] for name in entries.under(prefix))
    return len({number for number in numbers if number.isdigit()})


def _imagenet_resnet(entries: Entries, naming: Naming) -> dict:
    """The depth, and the groups of a ResNeXt."""
    block = naming.of_block(1, 1)
    bottleneck = f"{block}.conv3.weight" in entries
    counts = tuple(_blocks(entries, naming, stage) for stage in IMAGENET_STAGES)
    depths = [depth for depth, blocks in DEPTHS.items() if blocks == (bottleneck, counts)]
    found = {"depth": depths[0]} if depths else {}
    kernel = entries.get(f"{block}.conv2.weight")
    if bottleneck and kernel is not None and kernel.ndim == 4 and kernel.shape[1]:
        cardinality = len(kernel) // kernel.shape[1]
        if cardinality > 1:
            found |= {"cardinality": cardinality, "base_width": kernel.shape[1]}
    return found


def _aggregation(entries: Entries, naming: Naming) -> dict:
    """The channels of the state."""
    if not naming.of_stages:
        return {}
    kernel = entries.get(f"{naming.of_layer('stage1_aggregation_out')}.weight")
    return {} if kernel is None or not len(kernel) else {"channels": len(kernel)}


def _widen_factor(kernel: np.ndarray | None) -> dict:
    factor = 0 if kernel is None else len(kernel) // WIDE_RESNET_FILTERS[0]
    return {"widen_factor": factor} if factor else {}


def _reduction(arrays: list[np.ndarray]) -> dict:
    """The ratio of the inputs to the hidden units of the first dense layer."""
    shape = arrays[0].shape if arrays else ()
    fits = len(shape) >= 2 and 1 <= shape[0] <= shape[1]
    return {"reduction_ratio": shape[1] // shape[0]} if fits else {}
