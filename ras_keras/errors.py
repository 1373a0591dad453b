"""The errors that a user can mend, and what to quote of the errors of others."""

import os
import re
from dataclasses import dataclass

# How Keras begins the lines that it puts before the message of an error in a layer, and OpenVINO
# those before any.
WRAPPERS = (
    "Exception encountered when calling",
    "Could not automatically infer the output shape",
    "Exception from src/",
)


@dataclass(frozen=True)
class Argument:
    """An argument in a message: `batch_size`, or batch_size=5000 with a value.

    Attributes:
        name: the argument's, which a command has as a flag.
        value: what it is or could be; None for the name alone.
    """

    name: str
    value: object = None

    def __str__(self) -> str:
        if self.value is None:
            return f"`{self.name}`"
        value = os.fspath(self.value) if isinstance(self.value, os.PathLike) else self.value
        return f"{self.name}={value!r}"


class UserError(Exception):
    """One line that names the value at fault and the way out; commands exit with code 2.

    Args:
        *parts: of the line: texts, and the arguments that it names.
    """

    def __str__(self) -> str:
        return "".join(map(str, self.args))


class ArgumentError(ValueError):
    """As `UserError`, for an argument that a layer or a network cannot take."""

    __str__ = UserError.__str__

    @classmethod
    def of(cls, name: str, problem: str, value: object) -> "ArgumentError":
        """Such as "`k` must be an integer >= 1. Received: k=0"."""
        return cls(Argument(name), f" {problem}. Received: {name}={value!r}")


def first_line(error: BaseException | str) -> str:
    """The first line of an error's message, or its type where it says nothing.

    Of one that Keras or OpenVINO wrapped it is the first line of what was raised.
    """
    text = re.sub(r"\x1b\[\d*m", "", str(error))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    while len(lines) > 1 and lines[0].startswith(WRAPPERS):
        del lines[0]
    return lines[0][:300] if lines else type(error).__name__
