"""Text from outside in Markdown, as it is, and tables."""

import html
import re
from collections.abc import Sequence

from ras_keras.printable import printable


def table(lines: Sequence[Sequence[str]]) -> str:
    """Lines of cells as a Markdown table.

    Args:
        lines: the headings, dashes, and what follows; of Markdown.
    """
    # A bar would end the cell, in code too.
    cells = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def plain(text: str) -> str:
    """Text from outside as Markdown that shows it as it is: neither HTML nor links nor code."""
    text = re.sub(r"([\\`*\[\]$])", r"\\\1", printable(text))
    # Within a word an underscore is one; a tilde alone strikes nothing.
    text = re.sub(r"(?<!\w)_|_(?!\w)|~(?=~)", lambda found: f"\\{found[0]}", text)
    return html.escape(text, quote=False)


def code(text: str) -> str:
    """Text from outside as code in Markdown."""
    text = printable(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    space = " " if "`" in text else ""
    return f"{fence}{space}{text}{space}{fence}"
