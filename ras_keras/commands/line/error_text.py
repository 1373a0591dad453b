"""What a command prints of an error: the arguments that it names are flags."""

from ras_keras.errors import Argument, UserError
from ras_keras.text.flags import flag, with_value


def in_flags(error: UserError) -> str:
    """The message, such as "--batch-size 5000 is not between 1 and 1,293"."""
    return "".join(_as_flag(part) if isinstance(part, Argument) else part for part in error.args)


def _as_flag(argument: Argument) -> str:
    if argument.value is None:
        return flag(argument.name)
    return " ".join(with_value(argument.name, argument.value))
