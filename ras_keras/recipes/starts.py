"""The recipes that flags start from."""

import dataclasses

from ras_keras.errors import Argument
from ras_keras.layers.registry import NONE
from ras_keras.recipes.data import DataRecipe
from ras_keras.recipes.named import NAMED
from ras_keras.recipes.network import SAVED, attention_kinds
from ras_keras.recipes.recipe import Recipe
from ras_keras.text.flags import with_value
from ras_keras.values.choices import one_of
from ras_keras.values.options import joined, name_of, split, with_options
from ras_keras.values.text import ANY

# The recipe "paper" is the published one of a network: RAS's, or DIANet's where RAS has none; that
# of a saved network is of no paper.
PAPER = {
    "resnet": "ras-resnet164",
    "preresnet": "dianet-preresnet164",
    "wrn": "dianet-wrn52-4",
    "resnext": "dianet-resnext101-8x32",
    "residual_attention": "residual-attention",
    "wide_residual_attention": "residual-attention",
    **dict.fromkeys(("imagenet_resnet", "imagenet_residual_attention", "xception"), "rla-resnet50"),
    "mobilenet_v2": "rla-mobilenetv2",
    SAVED: "fine-tuning",
}
WITH_DIA = {"resnet": "dianet-resnet164", "imagenet_resnet": "dianet-resnet50"}
RECIPES = {"paper": NAMED[PAPER["resnet"]].recipe} | {
    name: NAMED[name].recipe
    for name in ("quick", "strong", "resnet20", *PAPER.values(), *WITH_DIA.values())
}


def published_name(family: str, attention: str) -> str:
    """The published recipe that "paper" is for a network and its attention, both without options.

    Raises:
        UserError: for a family that does not exist.
    """
    one_of(Argument("model"), family, PAPER)
    with_dia = WITH_DIA if attention in ("dia", "dia_se") else {}
    return with_dia.get(family) or PAPER[family]


def starting_recipe(
    name: str,
    family: str | None = None,
    attention: str | None = None,
    aggregation: str | None = None,
) -> Recipe:
    """The recipe that flags start from: the named one as it is for a network and its plugs.

    Args:
        name: of the recipe; "paper" is the published one of the network, with RAS's attention
            where it has one, without aggregation, on any data.
        family: of the network, without options; None is the recipe's own.
        attention: likewise.
        aggregation: likewise.

    Raises:
        UserError: for a name that is no recipe.
    """
    one_of(Argument("recipe"), name, RECIPES)
    if name == "paper":
        family, aggregation = family or "resnet", aggregation or NONE
        name = published_name(family, attention or "ras")
        if RECIPES[name].network.attention_name != NONE:
            attention = attention or "ras"
        recipe = dataclasses.replace(RECIPES[name], data=DataRecipe())
    else:
        recipe = RECIPES[name]
    if family is not None:
        recipe = dataclasses.replace(recipe, network=recipe.network.in_family(family))
    if attention not in (None, recipe.network.attention_name):
        recipe = recipe.replace(attention=attention)
    if aggregation not in (None, recipe.network.aggregation_name):
        recipe = recipe.replace(aggregation=aggregation)
    return recipe


def start_of(recipe: Recipe) -> Recipe:
    """The recipe that another one started from."""
    network = recipe.network
    return starting_recipe(
        recipe.recipe, network.family, network.attention_name, network.aggregation_name
    )


def with_attention(recipe: Recipe, text: str) -> Recipe:
    """The recipe with another attention, such as "se" or "ras:connection=tanh".

    Options that the recipe has from its start are those of the new attention's start; the others
    go with it where it takes them.
    """
    before, network = start_of(recipe).network.attention, recipe.network
    kept = {}
    if text != NONE:
        after = starting_recipe(recipe.recipe, network.family, name_of(text)).network.attention
        taken = attention_kinds(name_of(text))
        given = split(network.attention)[1]
        kept = split(after)[1] | {
            option: value
            for option, value in given.items()
            if value != split(before)[1].get(option) and (option in taken or ANY in taken)
        }
    name, options = split(text)
    return dataclasses.replace(recipe, network=network.with_attention(joined(name, kept | options)))


def to_flags(recipe: Recipe) -> list[str]:
    """The flags that give a recipe, starting from the one it is named after."""
    base = start_of(recipe)
    named = RECIPES[recipe.recipe].network
    before = base.values() | {
        "model": named.family,
        "attention": named.attention_name,
        "aggregation": named.aggregation_name,
    }
    flags = ["--recipe", recipe.recipe]
    for name, value in recipe.values().items():
        if name in ("model", "attention", "aggregation"):
            value = _without_start(value, base.values()[name])
        # Where only epochs are given, train.py fits the schedule to them.
        written = name == "schedule" and recipe.optimization.epochs != base.optimization.epochs
        if value == before[name] and not written:
            continue
        flags += with_value(name, value)
    return flags


def _without_start(text: str, base: str) -> str:
    """The options that differ from those of the start; one that it lacks is left empty."""
    name, options = split(text)
    start = split(base)[1]
    changed = {option: value for option, value in options.items() if start.get(option) != value}
    lacking = ",".join(f"{option}=" for option in start if option not in options)
    text = with_options(name, **changed)
    return text + (("," if changed else ":") + lacking if lacking else "")
