"""Dataclasses as flags."""

import contextlib
import dataclasses
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import tyro

from ras_keras.commands.line.fields import Parameter, parameters_of
from ras_keras.commands.line.given import check_given
from ras_keras.commands.line.usage import RULES, description
from ras_keras.commands.output import coloured_output
from ras_keras.errors import UserError
from ras_keras.recipes import Recipe
from ras_keras.recipes.starts import RECIPES, published_name, starting_recipe
from ras_keras.recipes.values import read_recipe
from ras_keras.text.flags import flag
from ras_keras.values.field_checks import check_fields, check_value
from ras_keras.values.options import name_of, split
from ras_keras.values.typed import Bounds

T = TypeVar("T")

# What 32 bits hold: no flag takes a larger integer.
MOST = 2**31 - 1


def parse(cls: type[T], arguments: Sequence[str], program: str, default: T | None = None) -> T:
    """Reads flags into a dataclass whose nested dataclasses are flags of their own.

    Raises:
        UserError: for an unknown flag or a value of the wrong type, naming the nearest.
        SystemExit: after --help.
    """
    known = [*parameters_of(cls)]
    check_given(known, arguments, program)
    options = {} if default is None else {"default": default}
    try:
        # What tyro says of an error is a box.
        with coloured_output(), contextlib.redirect_stderr(io.StringIO()):
            read = tyro.cli(
                cls,
                args=_with_values(known, arguments),
                prog=program,
                description=description(cls),
                config=(tyro.conf.OmitArgPrefixes,),
                registry=RULES,
                **options,
            )
    except SystemExit as leaving:
        if leaving.code:
            raise UserError(f"the arguments cannot be read; see {program} --help.") from None
        raise
    _check_sizes(read)
    return read


def parse_with_recipe(cls: type[T], arguments: Sequence[str], program: str) -> T:
    """As `parse`, for a dataclass with a recipe: --recipe is read first, flags override it."""
    recipe = first_recipe(arguments)
    if _names_file(value_of("--recipe", arguments)):
        arguments = without("--recipe", arguments)
    return parse_over(cls, arguments, program, cls(recipe=recipe))


def first_recipe(arguments: Sequence[str]) -> Recipe:
    """The recipe that the other flags override: the one --recipe names, as it is for the network.

    Raises:
        UserError: for a name that is no recipe, and a damaged file.
    """
    named = value_of("--recipe", arguments)
    start = {
        "family": value_of("--model", arguments),
        "attention": value_of("--attention", arguments),
        "aggregation": value_of("--aggregation", arguments),
    }
    given = {name: name_of(text) for name, text in start.items() if text is not None}
    if not _names_file(named):
        return starting_recipe(named or "paper", **given)
    recipe = read_recipe(Path(named), "name another file, or a recipe such as paper or quick")
    network = recipe.network.in_family(given.get("family", recipe.network.family))
    return dataclasses.replace(recipe, network=network)


def _names_file(recipe: str | None) -> bool:
    return recipe is not None and recipe not in RECIPES and _is_file(recipe)


def parse_over(cls: type[T], arguments: Sequence[str], program: str, default: T) -> T:
    """As `parse`; options of a model or an attention that keeps its name stay where none is given.

    Args:
        cls: a dataclass with a recipe.
        arguments: of the command.
        program: how the user called it.
        default: what the flags override.
    """
    k, attention = value_of("--k", arguments), value_of("--attention", arguments)
    if k is not None and attention is not None and "k" in split(attention)[1]:
        raise UserError(f"--attention {attention} and --k {k} both say k; give one of them.")
    read = parse(cls, arguments, program, default)
    network = read.recipe.network.overlaid(default.recipe.network)
    recipe = dataclasses.replace(read.recipe, network=network)
    name = default.recipe.recipe
    if recipe.recipe == "paper" and name == published_name(network.family, network.attention_name):
        recipe = dataclasses.replace(recipe, recipe=name)
    return dataclasses.replace(read, recipe=recipe)


def value_of(name: str, arguments: Sequence[str]) -> str | None:
    """The last value of a flag that must be known before the others can be read."""
    found = None
    for i, argument in enumerate(arguments):
        if argument == name and i + 1 < len(arguments):
            found = arguments[i + 1]
        elif argument.startswith(f"{name}="):
            found = argument.partition("=")[2]
    return found


def _is_file(name: str) -> bool:
    return name.endswith(".json") or Path(name).is_file()


def without(name: str, arguments: Sequence[str]) -> list[str]:
    """The arguments without a flag and its value."""
    kept, arguments = [], [*arguments]
    while arguments:
        argument = arguments.pop(0)
        if argument == name:
            del arguments[:1]
        elif not argument.startswith(f"{name}="):
            kept.append(argument)
    return kept


def _check_sizes(options) -> None:
    """Refuses values out of the bounds of their fields, and integers that nothing could count."""
    check_fields(options)
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        if dataclasses.is_dataclass(value):
            _check_sizes(value)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, int):
                check_value(field.name, each, Annotated[int, Bounds(high=MOST)])


def _with_values(known: Sequence[Parameter], arguments: Sequence[str]) -> list[str]:
    """Gives tyro the values it wants where True, False and None are all possible.

    --x stands for --x True and --no-x for --x False.
    """
    optional = [flag(each.name) for each in known if each.bare is bool and not each.switch]
    values = {name: [name, "True"] for name in optional}
    values |= {name.replace("--", "--no-", 1): [name, "False"] for name in optional}
    given = []
    for i, argument in enumerate(arguments):
        follows = arguments[i + 1] if i + 1 < len(arguments) else ""
        name = argument.replace("_", "-")
        complete = name not in values or (follows and not follows.startswith("--"))
        given += [argument] if complete else values[name]
    return given
