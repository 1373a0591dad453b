"""Values of known types: what a file says is checked against a Python type."""

import dataclasses
import math
import reprlib
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired

# The largest integer that every reader of JSON keeps exactly.
LARGEST = 2**53
NAMES = {
    bool: "true or false",
    int: "an integer",
    float: "a number",
    str: "a text",
    types.NoneType: "nothing",
    list: "a list",
    tuple: "a list",
}


@dataclass(frozen=True)
class That:
    """What a value must be beyond its type, in `Annotated[TYPE, That(...)]`.

    Attributes:
        holds: called with a value of the type.
        what: the type and the condition in words, for messages.
    """

    holds: Callable[[Any], object]
    what: str

    def problem(self, value: Any) -> str | None:
        """What the value must be and is not, in words; None for one that is right."""
        return None if self.holds(value) else self.what


@dataclass(frozen=True)
class Bounds:
    """The numbers that a value may be, in `Annotated[TYPE, Bounds(...)]`.

    Attributes:
        low: the least.
        high: the largest; infinity itself is no value.
        without: "low" or "high" for an end that is no value itself.
    """

    low: float = -math.inf
    high: float = math.inf
    without: Literal["low", "high"] | None = None

    def problem(self, value: Any) -> str | None:
        """What the value must be and is not, in words; None for one that is right."""
        above = value > self.low if self.without == "low" else value >= self.low
        below = value < self.high if math.inf in (self.high, value) else value <= self.high
        if self.without == "high":
            return None if above and value < self.high else f"in [{self.low:g}, {self.high:g})"
        if not above or value == math.inf:
            return f"{'>' if self.without == 'low' else '>='} {self.low:g}"
        return None if below else f"at most {self.high:,}"

    def __str__(self) -> str:
        if self.without == "high":
            return f"in [{self.low:g}, {self.high:g})"
        least = f"{'>' if self.without == 'low' else '>='} {self.low:g}"
        return least if self.high == math.inf else f"{least} and <= {self.high:,}"


Count = Annotated[int, Bounds(1)]
Natural = Annotated[int, Bounds(0)]
Amount = Annotated[float, Bounds(0)]
Share = Annotated[float, That(lambda x: 0 <= x <= 1, "a number from 0 to 1")]
Text = Annotated[str, That(str.strip, "a text")]


class WrongValue(ValueError):
    """A value that is not of its type, in one line.

    Attributes:
        key: where it stands, such as "scale.depth"; empty for the whole.
    """

    def __init__(self, key: str, problem: str):
        super().__init__(f"{key} {problem}" if key else problem)
        self.key = key


def typed(value: Any, kind: Any, key: str = "", what: str = "") -> Any:
    """A value that JSON holds as its type has it: a dataclass for an object, a tuple for a list.

    Args:
        value: of `json.loads`.
        kind: bool, int, float, str, None, `object` for anything, `Literal`, list[X],
            tuple[X, ...], dict[str, X], a TypedDict, a dataclass, a union of those, or one of
            them in `Annotated` with a `That` or `Bounds`. An integer is a number; true is
            neither. Every field of a dataclass must be there but those that it names in
            `ADDED_LATER`, for files of earlier versions.
        key: where the value stands, for messages.
        what: the type in words, if not those of `describe`.

    Raises:
        WrongValue: naming the innermost key at fault: for a value of another type, a number that
            is not finite or beyond 2**53, a missing key and an unknown one.
    """
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    what = what or describe(kind)
    if origin is Annotated:
        found = typed(value, arguments[0], key, what)
        if arguments[1].problem(found) is not None:
            raise WrongValue(key, f"is {in_short(value)}, not {what}")
        return found
    if origin in (typing.Union, types.UnionType):
        return _one_of(value, arguments, key, what)
    if not _is(value, kind):
        raise WrongValue(key, f"is {in_short(value)}, not {what}")
    if origin in (list, tuple):
        return origin(typed(each, arguments[0], f"{key}[{i}]") for i, each in enumerate(value))
    if origin is dict:
        return {name: typed(each, arguments[1], _at(key, name)) for name, each in value.items()}
    if _has_keys(kind):
        return _object(value, kind, key)
    return value


def describe(kind: Any) -> str:
    """A type in words, such as "an integer >= 1 or nothing"."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        kind, extra = arguments
        return extra.what if isinstance(extra, That) else f"{describe(kind)} {extra}"
    if origin is Literal:
        return f"one of {', '.join(map(str, arguments))}"
    if origin in (typing.Union, types.UnionType):
        return " or ".join(map(describe, arguments))
    return NAMES.get(origin or kind, "an object")


def finite(value: Any) -> Any:
    """A value to be written, with None for each number in it that is not finite."""
    if isinstance(value, dict):
        return {name: finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def in_short(value: object) -> str:
    """A value in short, on one line, without control characters."""
    short = reprlib.Repr()
    short.maxstring = short.maxother = 60
    short.maxlevel = 2
    return short.repr(value)


def _is(value, kind) -> bool:
    """Whether a value is of a type, its parts apart."""
    origin = typing.get_origin(kind) or kind
    if origin is Literal:
        return any(type(value) is type(each) and value == each for each in typing.get_args(kind))
    if origin in (int, float):
        whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST
        return whole or (origin is float and isinstance(value, float) and math.isfinite(value))
    if origin is str:
        return isinstance(value, str) and _is_text(value)
    if origin is tuple:
        return isinstance(value, list)
    return isinstance(value, dict if _has_keys(kind) else origin)


def _is_text(value: str) -> bool:
    """Whether the system could have it as a path, which may hold bytes that are no UTF-8."""
    try:
        return b"\0" not in value.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return False


def _has_keys(kind) -> bool:
    return dataclasses.is_dataclass(kind) or typing.is_typeddict(kind)


def _one_of(value, kinds, key, what):
    within = None
    for kind in kinds:
        try:
            return typed(value, kind, key, what)
        except WrongValue as error:
            # What is wrong within a list or an object says more than that it is no other type.
            within = error if error.key != key else within
    raise within or WrongValue(key, f"is {in_short(value)}, not {what}")


def _object(value, kind, key):
    kinds = typing.get_type_hints(kind, include_extras=True)
    if dataclasses.is_dataclass(kind):
        kinds = {field.name: kinds[field.name] for field in dataclasses.fields(kind)}
        optional = getattr(kind, "ADDED_LATER", ())
    else:
        optional = kind.__optional_keys__
    for name in kinds:
        if name not in value and name not in optional:
            raise WrongValue(_at(key, name), "is missing")
    for name in value:
        if name not in kinds:
            raise WrongValue(_at(key, name), "is unknown")
    return kind(
        **{name: typed(each, _bare(kinds[name]), _at(key, name)) for name, each in value.items()}
    )


def _bare(kind):
    return typing.get_args(kind)[0] if typing.get_origin(kind) is NotRequired else kind


def _at(key, name) -> str:
    """The key of a part of an object."""
    name = name if name.isidentifier() else in_short(name)
    return f"{key}.{name}" if key else name
