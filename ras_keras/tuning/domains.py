"""The values that a field of a recipe, or an option, may take in a search."""

import types
import typing
from dataclasses import dataclass
from typing import Annotated

from ras_keras.errors import Argument, UserError
from ras_keras.values.choices import one_of
from ras_keras.values.options import split_list
from ras_keras.values.text import read_text
from ras_keras.values.typed import WrongValue

RANGE_POINTS = 5
FEW_INTEGERS = 16
DIGITS = 4


@dataclass(frozen=True)
class Choices:
    """Some values, all of one type."""

    values: tuple

    def points(self) -> tuple:
        return self.values

    extremes = points

    def declare(self, hp, name: str) -> None:
        """Makes this a hyperparameter of keras-tuner's."""
        hp.Choice(name, list(self.values))

    def settle(self, proposed):
        """The value that keras-tuner means, which has 1 for True."""
        return self.values[self.values.index(proposed)]

    def __str__(self) -> str:
        return ",".join(
            str(value).lower() if isinstance(value, bool) else str(value) for value in self.values
        )


@dataclass(frozen=True)
class Range:
    """Every number from `low` to `high`, both included; integers if the field is one."""

    low: float
    high: float
    log: bool
    integer: bool

    def points(self) -> tuple:
        """What a grid takes: all integers, of other ranges five points evenly spaced."""
        if self.integer and not self.log:
            return tuple(range(int(self.low), int(self.high) + 1))
        shares = [i / (RANGE_POINTS - 1) for i in range(RANGE_POINTS)]
        # Logs hold these values to the last digit: numpy's geomspace may round another way.
        if self.log:
            values = [self.low * (self.high / self.low) ** share for share in shares]
        else:
            values = [self.low + (self.high - self.low) * share for share in shares]
        return tuple(dict.fromkeys(map(self.settle, values)))

    def extremes(self) -> tuple:
        """The values that have to be valid for all of them to be so."""
        return self.low, self.high

    def declare(self, hp, name: str) -> None:
        """Makes this a hyperparameter of keras-tuner's."""
        sampling = "log" if self.log else "linear"
        (hp.Int if self.integer else hp.Float)(name, self.low, self.high, sampling=sampling)

    def settle(self, proposed: float):
        """Four digits of a number, so that one that is printed gives the same run again."""
        return round(proposed) if self.integer else float(f"{proposed:.{DIGITS}g}")

    def __str__(self) -> str:
        return f"{self.low}:{self.high}{':log' if self.log else ''}"


Domain = Choices | Range


def parse_domain(name: str, kind, text: str) -> Domain:
    """Reads "1,2,4", "0.01:0.2" or "0.01:0.2:log" as the values of a field or an option.

    Args:
        name: of it.
        kind: its type; values that are neither bool nor numbers are texts.
        text: of its values; texts may have options, as "ras:k=2,shared=False,se" has.

    Raises:
        UserError: naming what cannot be read and what could be.
    """
    given, kind = Argument("space", f"{name}={text}"), _simple(kind)
    if ":" not in text or kind is str:
        values = [_value(name, part, kind) for part in split_list(text)]
        if not values:
            raise UserError(given, f" names no values; give some, such as {name}=A,B.")
        return Choices(tuple(dict.fromkeys(values)))
    low, high, *scale = text.split(":")
    if kind is bool or len(scale) > 1:
        raise UserError(given, f" is no range of this field; give its values, as {name}=A,B.")
    if scale:
        one_of("the scale of a range", scale[0], ("linear", "log"))
    found = Range(_value(name, low, kind), _value(name, high, kind), scale == ["log"], kind is int)
    if not found.low < found.high:
        raise UserError(
            given,
            f" ends before it begins; the lower end comes first, a single value is {name}={low}.",
        )
    if found.integer and found.high - found.low < FEW_INTEGERS:
        # So few that a search can come to the end of them.
        return Choices(tuple(range(int(found.low), int(found.high) + 1)))
    if found.log and found.low <= 0:
        raise UserError(given, f": a logarithmic range begins above 0. Received: {low}")
    return found


def _simple(kind) -> type:
    """What a field or an option of a type is searched as: bool, int, float or str."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        return _simple(arguments[0])
    if origin in (typing.Union, types.UnionType):
        kinds = [*map(_simple, arguments)]
        return next(each for each in (bool, int, float, str) if each in kinds)
    return kind if kind in (bool, int, float) else str


def _value(name: str, text: str, kind: type):
    if kind is bool:
        one_of(Argument("space", name), text.lower(), ("true", "false"))
    try:
        return read_text(text, kind)
    except WrongValue as error:
        what = "integers" if kind is int else "numbers"
        raise UserError(
            Argument("space", name),
            f" takes {what}, as {name}=A,B or {name}=LOW:HIGH or {name}=LOW:HIGH:log. Received: "
            f"{text!r}",
        ) from error
