"""The values that one field of a recipe may take in a search."""

import dataclasses
import math
import typing
from dataclasses import dataclass

from ras_keras.errors import UserError
from ras_keras.training.recipe import Recipe, one_of

RANGE_POINTS = 5
FEW_INTEGERS = 16
DIGITS = 4


@dataclass(frozen=True)
class Choices:
    """Some values, all of one type."""

    values: tuple

    def points(self) -> tuple:
        return self.values

    def holds(self, value) -> bool:
        """Whether it is a value of these."""
        return value in self.values

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
            return tuple(range(self.low, self.high + 1))
        shares = [i / (RANGE_POINTS - 1) for i in range(RANGE_POINTS)]
        if self.log:
            values = [self.low * (self.high / self.low) ** share for share in shares]
        else:
            values = [self.low + (self.high - self.low) * share for share in shares]
        return tuple(dict.fromkeys(map(self.settle, values)))

    def holds(self, value) -> bool:
        """Whether it is a number of these."""
        return isinstance(value, int | float) and self.low <= value <= self.high

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


def field_type(name: str) -> type:
    """bool, int, float or str: what a field of a recipe is when it is given."""
    (field,) = (each for each in dataclasses.fields(Recipe) if each.name == name)
    return next(iter(typing.get_args(field.type)), field.type)


def parse_domain(name: str, text: str) -> Domain:
    """Reads "1,2,4", "0.01:0.2" or "0.01:0.2:log" as the values of a field.

    Raises:
        UserError: naming what cannot be read and what could be.
    """
    kind = field_type(name)
    if ":" not in text or kind is str:
        values = [_value(name, part, kind) for part in text.split(",") if part]
        if not values:
            raise UserError(f"--space {name}= names no values; give some, such as {name}=A,B.")
        return Choices(tuple(dict.fromkeys(values)))
    low, high, *scale = text.split(":")
    if kind is bool or len(scale) > 1:
        raise UserError(
            f"--space {name}={text} is no range of this field; give its values, as {name}=A,B."
        )
    if scale:
        one_of(f"the scale of --space {name}={text}", scale[0], ("linear", "log"))
    found = Range(_value(name, low, kind), _value(name, high, kind), scale == ["log"], kind is int)
    if not found.low < found.high:
        raise UserError(
            f"--space {name}={text} ends before it begins; the lower end comes first, a single "
            f"value is {name}={low}."
        )
    if found.integer and found.high - found.low < FEW_INTEGERS:
        # So few that a search can come to the end of them.
        return Choices(tuple(range(found.low, found.high + 1)))
    if found.log and found.low <= 0:
        raise UserError(
            f"--space {name}={text}: a logarithmic range begins above 0. Received: {low}"
        )
    return found


def _value(name, text, kind):
    if kind is str:
        return text
    if kind is bool:
        one_of(f"--space {name}", text.lower(), ("true", "false"))
        return text.lower() == "true"
    try:
        value = kind(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        what = "integers" if kind is int else "numbers"
        raise UserError(
            f"--space {name} takes {what}, as {name}=A,B or {name}=LOW:HIGH or {name}=LOW:HIGH:log."
            f" Received: {text!r}"
        )
    return value


def extremes(domain: Domain) -> tuple:
    """The values that have to be valid for all of them to be so."""
    return (domain.low, domain.high) if isinstance(domain, Range) else domain.values
