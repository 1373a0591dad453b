"""Text from outside, such as names of files, classes and layers, as it may be shown anywhere."""

import unicodedata

# Control characters, surrogates (bytes that are no UTF-8), ends of lines and of paragraphs.
CONTROLS = ("Cc", "Cs", "Zl", "Zp")
# What writes in another direction from there on.
DIRECTIONS = {*"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"}


def printable(text) -> str:
    """The text on one line, with what a terminal would act upon written as Python escapes it."""
    return "".join(c.encode("unicode_escape").decode() if is_control(c) else c for c in str(text))


def is_control(character: str) -> bool:
    return unicodedata.category(character) in CONTROLS or character in DIRECTIONS
