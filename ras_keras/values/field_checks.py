"""Refuses values that the types of a dataclass's fields do not have: others, and out of bounds."""

import dataclasses
import types
import typing
from typing import Annotated, Any, Literal

from ras_keras.errors import Argument, UserError
from ras_keras.values.choices import one_of
from ras_keras.values.typed import Bounds, That


def check_fields(values: Any) -> None:
    """Refuses what the types of a dataclass's fields do not have.

    Args:
        values: the dataclass; the values of its fields have the types but for bounds and choices.

    Raises:
        UserError: naming the argument, the value and what it may be.
    """
    kinds = typing.get_type_hints(type(values), include_extras=True)
    for field in dataclasses.fields(values):
        check_value(field.name, getattr(values, field.name), kinds[field.name])


def check_value(name: str, value: object, kind: object) -> None:
    """Refuses a value that the type of a field has not, one among others or out of bounds.

    Args:
        name: of the field.
        value: of it.
        kind: its type, as `typed` takes it.

    Raises:
        UserError: naming the argument, the value and what it may be.
    """
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        if value is None:
            return
        kind = next(each for each in typing.get_args(kind) if each is not types.NoneType)
    arguments = typing.get_args(kind)
    if typing.get_origin(kind) is Literal:
        one_of(Argument(name), value, arguments)
    elif typing.get_origin(kind) is Annotated:
        for extra in arguments[1:]:
            problem = extra.problem(value) if isinstance(extra, That | Bounds) else None
            if problem is not None:
                raise UserError(Argument(name), f" must be {problem}. Received: {value}")
