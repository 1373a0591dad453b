"""The arguments of a command, before they are read as flags."""

import os
from collections.abc import Sequence

from ras_keras.data.folder import FOLDER
from ras_keras.errors import UserError


def checked_arguments(arguments: Sequence[str]) -> list[str]:
    """The arguments with ~ expanded where no shell does it: --data-dir=~/x, folder:~/x.

    Raises:
        UserError: for an empty argument, which would stand for the working directory.
    """
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not argument or (name.startswith("--") and equals and not value):
            raise UserError(
                f"{name or 'an argument'} is empty, as of a variable that is not set; give a value "
                "or leave it out."
            )
    return [_expanded(argument) for argument in arguments]


def _expanded(argument: str) -> str:
    flag = ""
    if argument.startswith("--"):
        flag, equals, argument = argument.partition("=")
        flag += equals
    kind = FOLDER if argument.startswith(FOLDER) else ""
    path = argument.removeprefix(kind)
    # A file may be called ~.
    if path.startswith("~") and not os.path.lexists(path):
        path = os.path.expanduser(path)  # noqa: PTH111, which raises for an unknown user
    return flag + kind + path
