"""Text from outside in matplotlib's pictures, as it is."""

from textwrap import wrap

from ras_keras.printable import printable

# Characters of a name beside an axis or in a legend; longer ones leave no room to the curves.
LONGEST = 60


def literal(text: str, width: int | None = None) -> str:
    """The text for matplotlib, which sets formulas between two dollars.

    Args:
        text: of a title.
        width: characters of a line; None for one line.
    """
    lines = wrap(printable(text), width) if width else [printable(text)]
    return "\n".join(line.replace("$", r"\$") for line in lines)


def label(name: str, longest: int = LONGEST) -> str:
    """A name for a legend or an axis, in short; matplotlib leaves out what begins with "_"."""
    if len(name) > longest:
        name = f"{name[: longest // 2]}…{name[-longest // 2 :]}"
    return literal(f" {name}" if name.startswith("_") else name)
