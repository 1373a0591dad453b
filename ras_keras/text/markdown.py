"""Text from outside in Markdown, as it is, and tables of it."""

import html
import re
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import quote

from ras_keras.text.shown import shown

if TYPE_CHECKING:
    import pandas as pd


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


def table(cells: "pd.DataFrame") -> str:
    """A table whose headings are text and whose cells are Markdown, of `escaped` or `code`."""
    cells = cells.rename(columns=escaped)
    return cells.to_markdown(index=False, tablefmt="github", disable_numparse=True)
