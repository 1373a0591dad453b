"""Items that cannot be used, which never end the work on the others."""

import sys

from ras_keras.commands.line.error_text import in_flags
from ras_keras.errors import UserError
from ras_keras.text.shown import shown

UNREADABLE = 1


class LeftOut:
    """Names each item that is left out on standard error, in one line."""

    def __init__(self):
        self.count = 0

    def __call__(self, error: UserError) -> None:
        self.count += 1
        print(f"left out: {shown(in_flags(error))}", file=sys.stderr)

    @property
    def exit_code(self) -> int:
        return UNREADABLE if self.count else 0
