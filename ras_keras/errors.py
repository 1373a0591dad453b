"""The error that a user can mend, and what to quote of the errors of others."""

import re

# How Keras begins the lines that it puts before the message of an error in a layer, and OpenVINO
# those before any.
WRAPPERS = (
    "Exception encountered when calling",
    "Could not automatically infer the output shape",
    "Exception from src/",
)


class UserError(Exception):
    """One line that names the value at fault and the way out; commands exit with code 2."""


def first_line(error) -> str:
    """The first line of an error's message, or its type where it says nothing.

    Of one that Keras or OpenVINO wrapped it is the first line of what was raised.
    """
    text = re.sub(r"\x1b\[\d*m", "", str(error))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    while len(lines) > 1 and lines[0].startswith(WRAPPERS):
        del lines[0]
    return lines[0][:300] if lines else type(error).__name__
