"""What was typed, checked before it is read: flags that exist, values that they can have."""

import difflib
import typing
from collections.abc import Sequence
from typing import Literal

from ras_keras.commands.line.fields import Parameter, bare
from ras_keras.commands.line.moved_flags import refuse_moved
from ras_keras.errors import UserError
from ras_keras.text.flags import flag
from ras_keras.values.choices import one_of

NUMBERS = {int: "an integer", float: "a number"}
HELP = ("-h", "--help")


def check_given(known: Sequence[Parameter], given: Sequence[str], program: str) -> None:
    """Refuses what cannot be read, naming what is nearest.

    Args:
        known: the parameters of a command.
        given: what was typed.
        program: how the user called it.

    Raises:
        UserError: for an unknown flag, a value of another type than its flag's, and one that is
            missing or too much.
    """
    flags = {each.name: each for each in known if not each.positional}
    _check_names(flags, given)
    typed, texts = _sorted(flags, given)
    more = f"see {program} --help."
    for parameter, values in typed:
        if values and parameter.switch:
            raise UserError(f"{parameter} takes no value; {more}")
        for value in values:
            _check_value(flag(parameter.name), value, parameter.bare)
    if {*HELP} & {*given}:
        return
    for parameter, values in typed:
        if not (values or parameter.many or parameter.bare is bool):
            raise UserError(f"{parameter} needs a value, {parameter.shown}; {more}")
    positional = [each for each in known if each.positional]
    missing = [each for each in positional if each.required and not each.many][len(texts) :]
    if missing:
        raise UserError(f"{missing[0]} is missing; {more}")
    if len(texts) > len(positional) and not any(each.many for each in positional):
        raise UserError(f"{texts[len(positional)]!r} belongs to no flag; {more}")


def _check_names(flags: dict[str, Parameter], given: Sequence[str]) -> None:
    """Refuses unknown flags, naming the nearest, and those that have another name now."""
    negative = [f"no_{name}" for name, each in flags.items() if each.bare is bool]
    names = {*HELP, *map(flag, [*flags, *negative])}
    typed = [each.partition("=")[0].replace("_", "-") for each in given if each.startswith("--")]
    unknown = [name for name in typed if name not in names]
    if not unknown:
        return
    if "attention" in flags:
        refuse_moved(given, names)
    # --lr, --bs
    by_initials = [name for name in sorted(names) if _initials(name) == unknown[0].strip("-")]
    near = by_initials or difflib.get_close_matches(unknown[0], names, n=1, cutoff=0.0)
    raise UserError(f"unknown flag {unknown[0]}; the nearest is {near[0]}.")


def _initials(name: str) -> str:
    return "".join(word[:1] for word in name.strip("-").split("-"))


def _sorted(flags: dict[str, Parameter], given: Sequence[str]):
    """The flags with the values behind each, and the other texts."""
    typed, texts = [], []
    takes = 0
    for text in given:
        if text.partition("=")[0] in HELP:
            takes = 0
        elif text.startswith("--"):
            name, equals, value = text[2:].partition("=")
            name = name.replace("-", "_")
            parameter = flags.get(name) or flags[name.removeprefix("no_")]
            typed.append((parameter, [value] if equals else []))
            takes = len(given) if parameter.many else int(parameter.name == name)
            takes = 0 if parameter.switch or equals else takes
        elif takes:
            takes -= 1
            typed[-1][1].append(text)
        else:
            texts.append(text)
    return typed, texts


def _check_value(name: str, text: str, kind) -> None:
    if typing.get_origin(kind) is tuple:
        kind = bare(typing.get_args(kind)[0])
    if text == "None":
        return
    if typing.get_origin(kind) is Literal:
        one_of(name, text, typing.get_args(kind))
    elif kind is bool:
        one_of(name, text, ("True", "False"))
    elif kind in NUMBERS:
        try:
            kind(text)
        except ValueError as error:
            raise UserError(
                f"{name} must be {NUMBERS[kind]}. Received: {text!r}{_nearest(text)}."
            ) from error


def _nearest(value: str) -> str:
    try:
        return f"; the nearest is {round(float(value))}"
    except (ValueError, OverflowError):
        return ""
