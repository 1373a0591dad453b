"""The refusal of a name that is none of several."""

import difflib
from collections.abc import Iterable

from ras_keras.errors import Argument, UserError


def one_of(what: str | Argument, value: object, valid: Iterable[str | None]) -> None:
    """Refuses a value that is not among the valid ones, naming the nearest and all of them.

    Raises:
        UserError: beginning with `what`.
    """
    valid = [*valid]
    if value in valid:
        return
    names = [str(name) for name in valid if name is not None]
    raise UserError(
        what, f" must be one of {', '.join(names)}. Received: {value!r}.{nearest(value, names)}"
    )


def nearest(value: object, names: Iterable[str]) -> str:
    """Such as " The nearest is 'ras'."; nothing where no name is near."""
    found = difflib.get_close_matches(str(value), [*names], n=1)
    return f" The nearest is {found[0]!r}." if found else ""
