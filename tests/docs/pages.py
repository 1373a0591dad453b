"""The pages of the documentation, and the code in them."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# Made by commands; what they say is run elsewhere.
GENERATED = [ROOT / "results/README.md", *sorted((ROOT / "results").glob("*.md"))]
LANGUAGES = ("bash", "python", "powershell", "text", "json")
FENCE = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]+) -->\n)?^```(?P<language>\w*)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
LINK = re.compile(r"\]\((?!\w+:)([^)#]*)(#[^)]*)?\)")


@dataclass(frozen=True)
class Block:
    """A piece of fenced code.

    Attributes:
        language: behind the fence, such as "bash".
        code: its lines.
        line: of the page, where the code begins.
        mark: what the comment before it says, empty without one: "slow", "not run: REASON",
            or "file: NAME" for the content of a file.
    """

    language: str
    code: str
    line: int
    mark: str

    @property
    def runs(self) -> bool:
        return self.language in ("bash", "python") and not self.mark.startswith("not run: ")

    @property
    def commands(self) -> list[list[str]]:
        """The commands of a bash block, split into words, without comments."""
        lines = self.code.replace("\\\n", " ").splitlines()
        return [words for line in lines if (words := shlex.split(line, comments=True))]


def blocks(page: Path) -> list[Block]:
    """The fenced code of a page, in its order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            found["language"],
            found["code"],
            text.count("\n", 0, found.start("code")) + 1,
            found["mark"] or "",
        )
        for found in FENCE.finditer(text)
    ]


def of_ours(words: list[str]) -> tuple[str, list[str]] | None:
    """The name and the arguments of a command of this package, None for another command."""
    while words and re.match(r"[A-Z_]+=", words[0]):
        words = words[1:]
    for end in ("|", ">", "&&"):
        words = words[: words.index(end)] if end in words else words
    if words[:1] == ["python"] and (found := re.fullmatch(r"scripts/(\w+)\.py", words[1])):
        return found[1], words[2:]
    if words[:1] == ["ras-keras"]:
        return words[1], words[2:]
    return None


def links(page: Path) -> list[str]:
    """The files that a page links to or shows, relative to the page."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return [target for target, _ in LINK.findall(text) if target]
