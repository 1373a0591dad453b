"""Dataclasses as flags."""

import contextlib
import dataclasses
import difflib
import io
import re
import types
import typing
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import tyro

from ras_keras.commands.line.moved_flags import given_flags, refuse_moved
from ras_keras.commands.output import coloured_output
from ras_keras.errors import UserError
from ras_keras.recipes import Recipe
from ras_keras.recipes.starts import RECIPES, published_name, starting_recipe
from ras_keras.recipes.values import read_recipe
from ras_keras.text.flags import flag
from ras_keras.values.choices import one_of
from ras_keras.values.field_checks import check_fields, check_value
from ras_keras.values.options import name_of, split
from ras_keras.values.typed import Bounds

T = TypeVar("T")

# What 32 bits hold: no flag takes a larger integer.
MOST = 2**31 - 1
NUMBERS = {int: "an integer", float: "a number"}


def parse(cls: type[T], arguments: Sequence[str], program: str, default: T | None = None) -> T:
    """Reads flags into a dataclass whose nested dataclasses are flags of their own.

    Raises:
        UserError: for an unknown flag or a value of the wrong type, naming the nearest.
        SystemExit: after --help.
    """
    kinds = dict(_fields(cls))
    _check_names(kinds, arguments)
    _check_values(kinds, arguments)
    options = {} if default is None else {"default": default}
    complaint = io.StringIO()
    try:
        with coloured_output(), contextlib.redirect_stderr(complaint):
            read = tyro.cli(
                cls,
                args=_with_values(kinds, arguments),
                prog=program,
                config=(tyro.conf.OmitArgPrefixes,),
                **options,
            )
    except SystemExit as leaving:
        if leaving.code:
            raise UserError(_one_line(complaint.getvalue(), program)) from None
        raise
    _check_sizes(read)
    return read


def parse_with_recipe(cls: type[T], arguments: Sequence[str], program: str) -> T:
    """As `parse`, for a dataclass with a recipe: --recipe is read first, flags override it."""
    recipe = first_recipe(arguments)
    if _names_file(value_of("--recipe", arguments)):
        arguments = _without("--recipe", arguments)
    return parse_over(cls, arguments, program, cls(recipe=recipe))


def first_recipe(arguments: Sequence[str]) -> Recipe:
    """The recipe that the other flags override: the one --recipe names, as it is for the network.

    Raises:
        UserError: for a name that is no recipe, and a damaged file.
    """
    named = value_of("--recipe", arguments)
    if not _names_file(named):
        start = {
            "family": value_of("--model", arguments),
            "attention": value_of("--attention", arguments),
        }
        given = {name: name_of(text) for name, text in start.items() if text is not None}
        return starting_recipe(named or "paper", **given)
    return read_recipe(Path(named), "name another file, or a recipe such as paper or quick")


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
    """The value of a flag that must be known before the others can be read."""
    for i, argument in enumerate(arguments):
        if argument == name and i + 1 < len(arguments):
            return arguments[i + 1]
        if argument.startswith(f"{name}="):
            return argument.partition("=")[2]
    return None


def _is_file(name: str) -> bool:
    return name.endswith(".json") or Path(name).is_file()


def _without(name: str, arguments: Sequence[str]) -> list[str]:
    """The arguments without a flag and its value."""
    kept, arguments = [], [*arguments]
    while arguments:
        argument = arguments.pop(0)
        if argument == name:
            del arguments[:1]
        elif not argument.startswith(f"{name}="):
            kept.append(argument)
    return kept


def _check_names(kinds: dict, arguments: Sequence[str]) -> None:
    """Refuses unknown flags, naming the nearest, and those that have another name now."""
    negative = [f"no_{name}" for name, kind in kinds.items() if kind in (bool, bool | None)]
    known = {"-h", "--help", *(flag(name) for name in [*kinds, *negative])}
    unknown = [
        name
        for name in (argument.partition("=")[0].replace("_", "-") for argument in arguments)
        if name.startswith("--") and name not in known
    ]
    if not unknown:
        return
    if "attention" in kinds:
        refuse_moved(arguments, known)
    nearest = difflib.get_close_matches(unknown[0], known, n=1, cutoff=0.0)
    raise UserError(f"unknown flag {unknown[0]}; the nearest is {nearest[0]}.")


def _check_values(kinds: dict, arguments: Sequence[str]) -> None:
    """Refuses values of another type than their flag's, naming the nearest."""
    for name, texts in given_flags(arguments):
        kind = kinds.get(name)
        for text in texts if typing.get_origin(_bare(kind)) is tuple else texts[:1]:
            _check_value(flag(name), text, _bare(kind))


def _check_value(name, text, kind):
    if typing.get_origin(kind) is tuple:
        kind = typing.get_args(kind)[0]
    if text == "None":
        return
    if typing.get_origin(kind) is Literal:
        one_of(name, text, typing.get_args(kind))
    elif kind in NUMBERS:
        try:
            kind(text)
        except ValueError as error:
            raise UserError(
                f"{name} must be {NUMBERS[kind]}. Received: {text!r}{_nearest(text)}."
            ) from error


def _bare(kind):
    """A type without what is said of it, and without None."""
    while typing.get_origin(kind) in (Annotated, typing.Union, types.UnionType):
        parts = [each for each in typing.get_args(kind) if each is not types.NoneType]
        kind = parts[0]
    return kind


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


def _fields(cls) -> Iterator[tuple[str, type]]:
    """The flags of a dataclass with their types, those of nested dataclasses in their place."""
    kinds = typing.get_type_hints(cls, include_extras=True)
    for name, field in cls.__dataclass_fields__.items():
        kind = kinds[name].type if isinstance(kinds[name], dataclasses.InitVar) else kinds[name]
        if dataclasses.is_dataclass(kind):
            yield from _fields(kind)
        elif typing.get_origin(kind) is not typing.ClassVar:
            yield field.name, kind


def _with_values(kinds: dict, arguments: Sequence[str]) -> list[str]:
    """Gives tyro the values it wants where True, False and None are all possible.

    --x stands for --x True and --no-x for --x False.
    """
    optional = [flag(name) for name, kind in kinds.items() if kind == bool | None]
    values = {name: [name, "True"] for name in optional}
    values |= {name.replace("--", "--no-", 1): [name, "False"] for name in optional}
    given = []
    for i, argument in enumerate(arguments):
        follows = arguments[i + 1] if i + 1 < len(arguments) else ""
        name = argument.replace("_", "-")
        complete = name not in values or (follows and not follows.startswith("--"))
        given += [argument] if complete else values[name]
    return given


def _one_line(box: str, program: str) -> str:
    """The complaint of tyro's box in one line, without its frame, its title and its help."""
    if "Required options" in box:
        return f"an argument is missing; {program} --help names it."
    lines = [line for line in box.splitlines() if not line.startswith("╭")]
    text = " ".join(re.sub(r"[╰╯│─]", " ", " ".join(lines)).split())
    complaint = re.split(r"Argument helptext|For full helptext|Perhaps you meant", text)[0]
    return f"{complaint.strip().rstrip('.')}; see {program} --help."


def _nearest(value: str) -> str:
    try:
        return f"; the nearest is {round(float(value))}"
    except (ValueError, OverflowError):
        return ""
