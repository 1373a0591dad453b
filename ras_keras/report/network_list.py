"""Lists of networks, each named in a few words."""

import dataclasses
import re
from collections.abc import Callable, Sequence

from ras_keras.errors import UserError
from ras_keras.imports import import_modules
from ras_keras.layers.registry import ANY, ATTENTION, NONE, constructor_arguments
from ras_keras.models.registry import MODELS
from ras_keras.report.network_key import network_key
from ras_keras.training.recipe import (
    ATTENTION_OPTIONS,
    NETWORK_OPTIONS,
    Recipe,
    flag,
    network_options,
    one_of,
    resolve,
)
from ras_keras.training.recipe_check import check_recipe

OPTIONS = ("depth", "attention_stages", *ATTENTION_OPTIONS, *NETWORK_OPTIONS)


def network_recipes(
    models: Sequence[str],
    depths: Sequence[int],
    attentions: Sequence[str],
    *,
    imports: Sequence[str] = (),
    with_plain: bool = False,
    flags: tuple[str, str] = ("--models", "--attentions"),
    **settings,
) -> list[Recipe]:
    """A resolved recipe for every model at every depth with every attention, none twice.

    A model or an attention is a name, options may follow it: "ras:k=3,normalize_input=False",
    "dia:attention_stages=1+3", "wrn:widen_factor=8".

    Args:
        models: of `MODELS`, with options of `NETWORK_OPTIONS`.
        depths: none for the published one of each model.
        attentions: of `ATTENTION`, with what the layer takes, or "none".
        imports: Python modules that register more of them.
        with_plain: puts the plain network first, at every depth of every model.
        flags: that brought models and attentions, for messages.
        **settings: of `Recipe`, for all of them.

    Raises:
        UserError: for an empty list, a name, an option or a depth that does not exist, and for
            whatever else `check_recipe` refuses.
    """
    import_modules(imports)
    model_flag, attention_flag = flags
    for name, given in ((model_flag, models), (attention_flag, attentions)):
        if not given:
            raise UserError(f"{name} names nothing; give one or several names.")
    if with_plain:
        attentions = (NONE, *attentions)
    bodies = {text: _read("model", text, model_flag, MODELS, _model_options) for text in models}
    plugs = {
        text: _read("attention", text, attention_flag, (NONE, *ATTENTION), _attention_options)
        for text in attentions
    }
    recipes = {}
    for model, body in bodies.items():
        for depth in depths or (None,):
            for attention, plug in plugs.items():
                recipe = Recipe(imports=tuple(imports), depth=depth, **settings, **body, **plug)
                _check(recipe, f"{model_flag} {model} {attention_flag} {attention}")
                key = recipe.model, network_key(recipe.network_arguments())
                recipes.setdefault(key, resolve(recipe))
    return list(recipes.values())


def _read(field: str, text: str, where: str, names, options: Callable) -> dict:
    """What "name:option=value,option=value" says of a recipe, `field` being the name's."""
    name, _, rest = text.partition(":")
    one_of(where, name, names)
    said = {field: name}
    for part in filter(None, rest.split(",")):
        option, _, value = part.partition("=")
        valid = options(name)
        if not valid:
            raise UserError(f"{where} {text}: {name} takes no options.")
        one_of(f"{where} {text}: the option", option, valid)
        said[option] = _value(f"{where} {text}: {option}", option, value)
    return said


def _model_options(name: str) -> list[str]:
    return [option for option in NETWORK_OPTIONS if option in network_options(name)]


def _attention_options(name: str) -> list[str]:
    if name == NONE:
        return []
    taken = constructor_arguments(ATTENTION[name])
    options = [option for option in ATTENTION_OPTIONS if option in taken or ANY in taken]
    return ["attention_stages", *options]


def _value(what: str, option: str, text: str):
    """The value of a recipe's field, by the field's type."""
    (kind,) = (field.type for field in dataclasses.fields(Recipe) if field.name == option)
    read, described = {
        int | None: (int, "an integer"),
        float | None: (float, "a number"),
        bool: (_boolean, "True or False"),
        bool | None: (_boolean, "True or False"),
        str | None: (str, "a name"),
        tuple[int, ...]: (_stages, "stages such as 1+3"),
    }[kind]
    try:
        return read(text)
    except (KeyError, ValueError) as error:
        raise UserError(f"{what} must be {described}. Received: {text!r}.") from error


def _boolean(text):
    return {"true": True, "false": False}[text.lower()]


def _stages(text):
    return tuple(int(stage) for stage in text.split("+"))


def _check(recipe: Recipe, named: str) -> None:
    """As `check_recipe`, whose messages speak of flags that are options here."""
    try:
        check_recipe(recipe)
    except UserError as error:
        message = str(error)
        for option in OPTIONS:
            message = re.sub(rf"{flag(option)}\b(?!-)", option, message)
        if message != str(error):
            message = f"{named}: {message}"
        raise UserError(message) from error
