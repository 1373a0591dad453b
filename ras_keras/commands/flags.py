"""Dataclasses as flags."""

import dataclasses
import difflib
from collections.abc import Sequence
from typing import TypeVar

import tyro

from ras_keras.errors import UserError
from ras_keras.training.recipe import flag

T = TypeVar("T")


def parse(cls: type[T], arguments: Sequence[str], command: str, default: T | None = None) -> T:
    """Reads flags into a dataclass whose nested dataclasses are flags of their own.

    Raises:
        UserError: for an unknown flag, naming the nearest.
        SystemExit: after --help (0), or for a value of the wrong type (2).
    """
    known = {"-h", "--help", *_flags(cls)}
    for argument in arguments:
        name = argument.partition("=")[0].replace("_", "-")
        if name.startswith("--") and name not in known:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            raise UserError(f"unknown flag {name}; the nearest is {nearest[0]}.")
    options = {} if default is None else {"default": default}
    return tyro.cli(
        cls,
        args=arguments,
        prog=f"{command}.py",
        config=(tyro.conf.OmitArgPrefixes,),
        **options,
    )


def value_of(name: str, arguments: Sequence[str]) -> str | None:
    """The value of a flag that must be known before the others can be read."""
    for i, argument in enumerate(arguments):
        if argument == name and i + 1 < len(arguments):
            return arguments[i + 1]
        if argument.startswith(f"{name}="):
            return argument.partition("=")[2]
    return None


def _flags(cls) -> list[str]:
    flags = []
    for field in dataclasses.fields(cls):
        if dataclasses.is_dataclass(field.type):
            flags += _flags(field.type)
        else:
            flags.append(flag(field.name))
            if field.type is bool:
                flags.append(flag(f"no_{field.name}"))
    return flags
