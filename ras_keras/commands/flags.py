"""Dataclasses as flags."""

import contextlib
import dataclasses
import difflib
import io
import re
from collections.abc import Sequence
from typing import TypeVar

import tyro

from ras_keras.commands.output import coloured_output
from ras_keras.errors import UserError
from ras_keras.training.recipe import flag, starting_recipe

T = TypeVar("T")

# More is a slip that would take days; of all others, what 32 bits hold.
MOST = {
    "seeds": 10_000,
    "workers": 1_000,
    "trials": 1_000_000,
    "repeats": 100_000,
    "steps": 1_000_000,
    "calls": 10_000_000,
    "threads": 10_000,
}
MOST_OF_ALL = 2**31 - 1


def parse(cls: type[T], arguments: Sequence[str], program: str, default: T | None = None) -> T:
    """Reads flags into a dataclass whose nested dataclasses are flags of their own.

    Raises:
        UserError: for an unknown flag or a value of the wrong type, naming the nearest.
        SystemExit: after --help.
    """
    known = {"-h", "--help", *_flags(cls)}
    for argument in arguments:
        name = argument.partition("=")[0].replace("_", "-")
        if name.startswith("--") and name not in known:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            raise UserError(f"unknown flag {name}; the nearest is {nearest[0]}.")
    options = {} if default is None else {"default": default}
    complaint = io.StringIO()
    try:
        with coloured_output(), contextlib.redirect_stderr(complaint):
            read = tyro.cli(
                cls,
                args=_with_values(cls, arguments),
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
    start = {name: value_of(flag(name), arguments) for name in ("model", "attention")}
    given = {name: value for name, value in start.items() if value is not None}
    recipe = starting_recipe(value_of("--recipe", arguments) or "paper", **given)
    return parse(cls, arguments, program, cls(recipe=recipe))


def value_of(name: str, arguments: Sequence[str]) -> str | None:
    """The value of a flag that must be known before the others can be read."""
    for i, argument in enumerate(arguments):
        if argument == name and i + 1 < len(arguments):
            return arguments[i + 1]
        if argument.startswith(f"{name}="):
            return argument.partition("=")[2]
    return None


def _check_sizes(options) -> None:
    """Refuses integers that nothing could count to."""
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        if dataclasses.is_dataclass(value):
            _check_sizes(value)
        most = MOST.get(field.name, MOST_OF_ALL)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, int) and abs(each) > most:
                raise UserError(f"{flag(field.name)} must be at most {most:,}. Received: {each}")


def _fields(cls) -> list[dataclasses.Field]:
    """The fields of a dataclass, those of nested dataclasses in their place."""
    found = []
    for field in dataclasses.fields(cls):
        found += _fields(field.type) if dataclasses.is_dataclass(field.type) else [field]
    return found


def _flags(cls) -> list[str]:
    fields = _fields(cls)
    negative = [f"no_{field.name}" for field in fields if field.type in (bool, bool | None)]
    return [flag(name) for name in [*(field.name for field in fields), *negative]]


def _with_values(cls, arguments: Sequence[str]) -> list[str]:
    """Gives tyro the values it wants where True, False and None are all possible.

    --x stands for --x True and --no-x for --x False.
    """
    optional = [flag(field.name) for field in _fields(cls) if field.type == bool | None]
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
