"""Flags of versions before 0.6 that are options of --model and --attention now."""

from collections.abc import Iterator, Sequence

from ras_keras.errors import UserError
from ras_keras.text.flags import flag
from ras_keras.values.text import AND

MODEL, ATTENTION = "model", "attention"
# What each was an option of, with a value that took it for granted.
MOVED = {
    **dict.fromkeys(("attention_stages", "batch_norm", "skip"), (MODEL, "resnet")),
    **dict.fromkeys(("widen_factor", "dropout"), (MODEL, "wrn")),
    **dict.fromkeys(("normalize_input", "shared", "connection"), (ATTENTION, "ras")),
    **dict.fromkeys(("shared_connection", "gamma_initializer"), (ATTENTION, "ras")),
    "beta_initializer": (ATTENTION, "ras"),
    **dict.fromkeys(("reduction_ratio", "use_bias", "kernel_size"), (ATTENTION, "se")),
    **dict.fromkeys(("activation", "cells"), (ATTENTION, "dia")),
}


def refuse_moved(arguments: Sequence[str], known: set[str]) -> None:
    """Refuses the flags that have moved, with what was typed in the new spelling.

    Args:
        arguments: of the command.
        known: its flags.

    Raises:
        UserError: naming all of them.
    """
    typed, options, names = [], {MODEL: [], ATTENTION: []}, {}
    for name, texts in given_flags(arguments):
        positive = name.removeprefix("no_") if name.removeprefix("no_") in MOVED else name
        if flag(name) in known or positive not in MOVED:
            names |= {name: texts[0]} if name in options and texts else {}
            continue
        where, usual = MOVED[positive]
        value = AND.join(texts) or str(name == positive)
        names.setdefault(f"usual {where}", usual)
        typed.append(" ".join([flag(name), *texts]))
        options[where].append(f"{positive}={value}")
    if not typed:
        return
    new = [
        f"{flag(where)} {_joined(names.get(where, names.get(f'usual {where}')), given)}"
        for where, given in options.items()
        if given
    ]
    raise UserError(f"{', '.join(typed)}: given as an option now, {' '.join(new)}")


def _joined(text: str, options: list[str]) -> str:
    return f"{text}{',' if ':' in text else ':'}{','.join(options)}"


def given_flags(arguments: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Each flag that was typed, as the field that it is of, with the texts behind it."""
    name, texts = None, []
    for argument in [*arguments, "--"]:
        if argument.startswith("--"):
            if name is not None:
                yield name, texts
            name, equals, value = argument[2:].partition("=")
            name, texts = name.replace("-", "_"), [value] if equals else []
        else:
            texts.append(argument)
