"""Text from outside in Markdown, as it is, and tables of it."""

import html
import re
from collections.abc import Sequence
from pathlib import PurePath
from urllib.parse import quote

from ras_keras.text.shown import shown


def escaped(text: str) -> str:
    """The text of a cell or a heading, without any markup."""
    text = shown(text).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\`*\[\]|])", r"\\\1", text)


def code(text: str) -> str:
    """The text as code, in a table too."""
    text = shown(text)
    if not re.search(r"[`|\\]", text):
        return f"`{text}`"
    # Of these none can stand between backticks in a cell.
    entities: dict[str, str | int | None] = {
        "`": "&#96;",
        "|": "&#124;",
        "\\": "&#92;",
        "*": "&#42;",
        "_": "&#95;",
    }
    return f"<code>{html.escape(text).translate(str.maketrans(entities))}</code>"


def link(text: str, path: PurePath) -> str:
    """A link to a file, relative to where the text lies."""
    return f"[{escaped(text)}]({quote(path.as_posix().encode(errors='surrogateescape'))})"


def table(headings: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table whose headings are text and whose cells are Markdown, of `escaped` or `code`."""
    rows = [[escaped(heading) for heading in headings], ["---"] * len(headings), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
