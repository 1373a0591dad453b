"""Text from outside (names, paths, messages of others) as it can be shown in one line."""

import unicodedata

# Control and format characters, which change what stands around them; lone surrogates, which
# stand for bytes that are no UTF-8; separators of lines and paragraphs.
HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# They shape letters and emoji, and do nothing else.
JOINERS = "\u200c\u200d\u00ad"


def shown(text: str, kept: str = "") -> str:
    """The text with escapes such as \\x1b for characters that are not seen.

    Args:
        text: of any characters.
        kept: characters that stay as they are.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c in kept or _is_seen(c) else ascii(c)[1:-1] for c in text)


def _is_seen(character: str) -> bool:
    return character in JOINERS or unicodedata.category(character) not in HIDDEN
