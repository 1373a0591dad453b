"""Numbers that are given as arguments; NumPy's count as Python's."""

import math
import numbers
from collections.abc import Sequence
from typing import Any, TypeGuard

from ras_keras.errors import ArgumentError

# Of a recurrence, and of cells that are stacked.
MOST_APPLICATIONS = 1000


def check_at_least_one(name: str, value: object, most: int | None = None) -> int:
    """`value` as an int.

    Args:
        name: of the argument.
        value: of it.
        most: the largest that is taken.

    Raises:
        ValueError: if it is no integer >= 1, or larger than `most`.
    """
    if not is_integer(value) or value < 1:
        raise ArgumentError.of(name, "must be an integer >= 1", value)
    if most is not None and value > most:
        raise ArgumentError.of(name, f"must be at most {most:,}", value)
    return int(value)


def check_positive(name: str, value: object) -> float:
    """`value` as a float.

    Raises:
        ValueError: if it is no finite number > 0.
    """
    if not is_real(value) or not 0 < value < math.inf:
        raise ArgumentError.of(name, "must be a positive number", value)
    return float(value)


def check_rate(name: str, value: object) -> float:
    """`value` as a float.

    Raises:
        ValueError: if it is no number in [0, 1).
    """
    if not is_real(value) or not 0 <= value < 1:
        raise ArgumentError.of(name, "must be in [0, 1)", value)
    return float(value)


def check_one_of(name: str, value, valid: Sequence) -> None:
    """Refuses what is none of the valid values.

    Raises:
        ValueError: listing them.
    """
    if value not in valid:
        listed = ", ".join("None" if each is None else str(each) for each in valid)
        raise ArgumentError.of(name, f"must be one of {listed}", value)


def is_integer(value: object) -> TypeGuard[int]:
    """Whether it is one of Python's or NumPy's integers; True and False are none."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def is_real(value: object) -> TypeGuard[float]:
    """Whether it is one of Python's or NumPy's integers or floats; True and False are none."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def plain(value: Any) -> Any:
    """A NumPy number as Python's; a list or tuple with such numbers in it; all else as it is."""
    if isinstance(value, list | tuple):
        return type(value)(map(plain, value))
    if is_integer(value):
        return int(value)
    return float(value) if is_real(value) else value
