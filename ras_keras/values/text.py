"""Values as text: what a flag, an option or a cell of a CSV file says, by its type."""

import functools
import inspect
import operator
import types
import typing
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from ras_keras.values.typed import typed

NONE = "none"
# Stands for the arguments of a function that takes any.
ANY = "**"
BOOLEANS = {"true": True, "false": False}
# What joins the items of a list.
AND = "+"
SIMPLE = (bool, int, float, str, types.NoneType)


def read_text(text: str, kind: object, *, nothing: str = NONE) -> Any:
    """What a text says.

    Args:
        text: such as "0.1", "True", "1+3" for a list, or "none" where a value may be left out.
        kind: the type, as `typed` has it; `object` for the simplest type that the text fits.
        nothing: the text of None, in any case.

    Raises:
        WrongValue: if it says nothing of the kind.
    """
    if kind is object:
        kind = bool | int | float | str | None
    return typed(_plain(text, kind, nothing), kind)


def written(value: object) -> str:
    """The text of a value, which `read_text` reads."""
    if value is None:
        return NONE
    if isinstance(value, list | tuple):
        return AND.join(map(written, value))
    return str(value)


def _plain(text, kind, nothing):
    """The value in a text, as JSON would have it; the text where it says nothing of the kind."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        return _plain(text, arguments[0], nothing)
    if origin in (tuple, list):
        return [_plain(part, arguments[0], nothing) for part in text.split(AND)]
    if origin in (typing.Union, types.UnionType):
        if types.NoneType in arguments and text.lower() == nothing:
            return None
        found = (_plain(text, each, nothing) for each in arguments if each is not types.NoneType)
        return next((value for value in found if value is not text), text)
    if origin is Literal:
        return next((each for each in arguments if written(each) == text), text)
    if kind is bool:
        return BOOLEANS.get(text.lower(), text)
    try:
        return kind(text) if kind in (int, float) else text
    except ValueError:
        return text


def argument_kinds(function: Callable) -> dict[str, type]:
    """The named arguments of a function with the types that a text can be read as.

    A type that is none of those is `object`; `ANY` stands for arguments of any name.
    """
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError):
        hints = {}
    found: dict[str, type] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            found[ANY] = object
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            default = type(parameter.default)
            # An argument without a type has that of its default, if this says one.
            found[name] = _readable(hints.get(name, default if default in SIMPLE[:3] else object))
    return found


def _readable(kind):
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        return object if _readable(arguments[0]) is object else kind
    if origin in (typing.Union, types.UnionType):
        readable = tuple(each for each in map(_readable, arguments) if each is not object)
        return functools.reduce(operator.or_, readable) if readable else object
    if origin in (tuple, list, Sequence) and arguments[0] in SIMPLE:
        return types.GenericAlias(tuple, (arguments[0], ...))
    return kind if kind in SIMPLE or origin is Literal else object
