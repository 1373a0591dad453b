"""The recipes that flags start from."""

import dataclasses

from ras_keras.choices import flag, one_of
from ras_keras.layers.registry import NONE
from ras_keras.options import joined, name_of, split, with_options
from ras_keras.recipes.network import attention_kinds
from ras_keras.recipes.recipe import Recipe
from ras_keras.text_values import ANY

GAMMA_OFF_THE_SADDLE = "ras:gamma_initializer=0.1"
RECIPES = {
    # arXiv 2210.15676: depth 164, k = 2, 164 epochs; the released code's learning rate and
    # schedule. With normalize_input=False it is the network of the paper's Table 1, which reports
    # 94.84 % on CIFAR-10 by the papers' protocol. Other networks differ by `PUBLISHED`.
    "paper": Recipe(),
    # For a laptop: the embedded digits, about 99 % in three minutes on 2 cores. A tenth of them
    # would be too few to tell epochs apart: many would hit them all.
    "quick": Recipe("quick").replace(
        validation_split=0.2,
        depth=20,
        epochs=30,
        batch_size=32,
        schedule=(20, 26),
        attention=GAMMA_OFF_THE_SADDLE,
    ),
    # The paper's network trained as is usual today.
    "strong": Recipe("strong").replace(
        epochs=200,
        decay="cosine",
        warmup_epochs=5,
        nesterov=True,
        weight_decay=5e-4,
        label_smoothing=0.1,
        cutout=16,
        average_weights=0.999,
        attention=GAMMA_OFF_THE_SADDLE,
    ),
}

# What the recipe "paper" is for a network of the DIANet paper, arXiv 1905.10671, appendix; its
# PreResNet is trained as the ResNet of the RAS paper.
PUBLISHED = {
    "wrn": {
        "epochs": 200,
        "schedule": (80, 120, 160),
        "schedule_factor": 0.2,
        "weight_decay": 5e-4,
    },
    "resnext": {"epochs": 300, "schedule": (150, 225), "weight_decay": 5e-4},
}
DIANET_RESNET = {"epochs": 180, "schedule": (60, 120)}


def starting_recipe(name: str, family: str = "resnet", attention: str = "ras") -> Recipe:
    """The recipe that flags start from: `RECIPES[name]` as it is for a network and its attention.

    Args:
        name: of the recipe.
        family: of the network, without options.
        attention: likewise.

    Raises:
        UserError: for a name that is no recipe.
    """
    one_of("--recipe", name, RECIPES)
    changes = {}
    if name == "paper":
        changes = PUBLISHED.get(family, {})
        if family == "resnet" and attention in ("dia", "dia_se"):
            changes = DIANET_RESNET
    recipe = RECIPES[name].replace(**changes)
    if recipe.network.family != family:
        recipe = recipe.replace(model=family)
    if recipe.network.attention_name != attention:
        recipe = recipe.replace(attention=attention)
    return recipe


def start_of(recipe: Recipe) -> Recipe:
    """The recipe that another one started from."""
    return starting_recipe(recipe.recipe, recipe.network.family, recipe.network.attention_name)


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
    before = base.values() | {"model": "resnet", "attention": "ras"}
    flags = ["--recipe", recipe.recipe]
    for name, value in recipe.values().items():
        if name in ("model", "attention"):
            value = _without_start(value, base.values()[name])
        if value == before[name]:
            continue
        if isinstance(value, bool):
            flags.append(flag(name) if value else flag(f"no_{name}"))
        elif isinstance(value, tuple):
            flags += [flag(name), *map(str, value)]
        else:
            flags += [flag(name), str(value)]
    return flags


def _without_start(text: str, base: str) -> str:
    """The options that differ from those of the start; one that it lacks is left empty."""
    name, options = split(text)
    start = split(base)[1]
    changed = {option: value for option, value in options.items() if start.get(option) != value}
    lacking = ",".join(f"{option}=" for option in start if option not in options)
    text = with_options(name, **changed)
    return text + (("," if changed else ":") + lacking if lacking else "")
