"""Text from outside in pictures, as it is."""

from textwrap import wrap

from ras_keras.text.shown import shown

# Characters of a name and of a title.
LONGEST = 40
LONGEST_TITLE = 150
# matplotlib leaves labels that begin with "_" out of legends.
NO_WIDTH = "\u200b"


def literal(text: str, longest: int = LONGEST) -> str:
    """The text for matplotlib, which sets formulas between two dollars.

    Args:
        text: a name, in one line.
        longest: characters; what is longer is cut in its middle.
    """
    text = shown(text)
    if len(text) > longest:
        half = (longest - 1) // 2
        text = f"{text[: longest - 1 - half]}…{text[-half:]}"
    text = text.replace("$", r"\$")
    return NO_WIDTH + text if text.startswith("_") else text


def wrapped(text: str, width: int) -> str:
    """A title for matplotlib in lines of at most `width` characters."""
    short = literal(text, LONGEST_TITLE).replace(r"\$", "$")
    return "\n".join(line.replace("$", r"\$") for line in wrap(short, width))
