"""Dataclasses as flags."""

import contextlib
import dataclasses
import difflib
import io
import re
from collections.abc import Sequence
from typing import TypeVar

import tyro

from ras_keras.errors import UserError
from ras_keras.training.recipe import RECIPES, flag, one_of

T = TypeVar("T")
OPTIONAL_BOOL = bool | None


def parse(cls: type[T], arguments: Sequence[str], program: str, default: T | None = None) -> T:
    """Reads flags into a dataclass whose nested dataclasses are flags of their own.

    Raises:
        UserError: for an unknown flag or a value of the wrong type, naming the nearest.
        SystemExit: after --help.
    """
    fields = list(_fields(cls))
    known = {"-h", "--help"}
    for field in fields:
        known.add(flag(field.name))
        if field.type in (bool, OPTIONAL_BOOL):
            known.add(flag(f"no_{field.name}"))
    for argument in arguments:
        name = argument.partition("=")[0].replace("_", "-")
        if name.startswith("--") and name not in known:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            raise UserError(f"unknown flag {name}; the nearest is {nearest[0]}.")
    options = {} if default is None else {"default": default}
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            return tyro.cli(
                cls,
                args=_with_values(arguments, fields),
                prog=program,
                config=(tyro.conf.OmitArgPrefixes,),
                **options,
            )
    except SystemExit as leaving:
        if leaving.code:
            raise UserError(_one_line(complaint.getvalue(), program)) from None
        raise


def parse_with_recipe(cls: type[T], arguments: Sequence[str], program: str) -> T:
    """As `parse`, for a dataclass with a recipe: --recipe is read first, flags override it."""
    name = value_of("--recipe", arguments) or "paper"
    one_of("--recipe", name, RECIPES)
    return parse(cls, arguments, program, cls(recipe=RECIPES[name]))


def value_of(name: str, arguments: Sequence[str]) -> str | None:
    """The value of a flag that must be known before the others can be read."""
    for i, argument in enumerate(arguments):
        if argument == name and i + 1 < len(arguments):
            return arguments[i + 1]
        if argument.startswith(f"{name}="):
            return argument.partition("=")[2]
    return None


def _fields(cls):
    """The fields that are flags, those of nested dataclasses included."""
    for field in dataclasses.fields(cls):
        if dataclasses.is_dataclass(field.type):
            yield from _fields(field.type)
        else:
            yield field


def _with_values(arguments, fields) -> list[str]:
    """Turns --x and --no-x of an optional bool into the --x True and --x False that tyro reads."""
    optional = [flag(field.name) for field in fields if field.type == OPTIONAL_BOOL]
    negative = {name.replace("--", "--no-", 1): name for name in optional}
    found = []
    for i, argument in enumerate(arguments):
        name = argument.replace("_", "-")
        if name in negative:
            found += [negative[name], "False"]
        elif name in optional and {*arguments[i + 1 : i + 2]}.isdisjoint(("True", "False", "None")):
            found += [name, "True"]
        else:
            found.append(argument)
    return found


def _one_line(box: str, program: str) -> str:
    """The complaint of tyro's box in one line, without its frame and its help."""
    text = " ".join(re.sub(r"[╭╮╰╯│─]", " ", box).split())
    complaint = re.split(r"Argument helptext|For full helptext|Perhaps you meant", text)[0]
    wrong = re.match(r".*Error parsing (--\S+): ", complaint)
    if "Required options" in complaint:
        return f"an argument is missing; {program} --help names it."
    if wrong is None:
        return f"{complaint.strip()} See {program} --help."
    name = wrong[1]
    kind, convert = "a number", float
    if re.search(rf"{name} \S*INT", text):
        kind, convert = "an integer", int
    for value in re.findall(r"'([^']*)'", complaint):
        try:
            convert(value)
        except ValueError:
            return f"{name} must be {kind}. Received: {value!r}{_nearest(value)}."
    return f"{complaint.strip()} See {program} --help."


def _nearest(value: str) -> str:
    try:
        return f"; the nearest is {round(float(value))}"
    except (ValueError, OverflowError):
        return ""
