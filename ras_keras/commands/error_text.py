"""What a command prints of an error: the arguments that it names are flags."""

from ras_keras.choices import flag
from ras_keras.errors import Argument, UserError


def in_flags(error: UserError) -> str:
    """The message, such as "--batch-size 5000 is not between 1 and 1,293"."""
    return "".join(
        _as_flag(part) if isinstance(part, Argument) else str(part) for part in error.args
    )


def _as_flag(argument: Argument) -> str:
    name, value = argument.name, argument.value
    if value is None or value is True:
        return flag(name)
    if value is False:
        return flag(f"no_{name}")
    values = value if isinstance(value, tuple) else (value,)
    return " ".join([flag(name), *(f"{v:g}" if isinstance(v, float) else str(v) for v in values)])
