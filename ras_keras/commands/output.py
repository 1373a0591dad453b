"""Standard output and error: whatever a command prints is shown safely."""

import contextlib
import os
import re
import sys
from collections.abc import Iterator

from ras_keras.text.shown import shown

# What tqdm writes to go back to the beginning of a bar, and up and down between bars.
MOVES = re.compile(r"\n*(?:\x1b\[A)*\r?|\r *\r")


class SafeStream:
    """A stream that escapes what its encoding does not have, and what a terminal would obey.

    Args:
        stream: of text.
        bars: whether the movements of progress bars pass.
    """

    def __init__(self, stream, bars: bool):
        self.stream = stream
        self.bars = bars

    def write(self, text: str) -> int:
        moves = MOVES.match(text) if self.bars else None
        start = moves.end() if moves else 0
        safe = text[:start] + shown(text[start:], kept="\n\t")
        encoding = self.stream.encoding or "utf-8"
        self.stream.write(safe.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def writelines(self, lines) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name):
        return getattr(self.stream, name)


@contextlib.contextmanager
def safe_output() -> Iterator[None]:
    """Shows safely what is printed inside, progress bars on standard error included."""
    with (
        contextlib.redirect_stdout(SafeStream(sys.stdout, bars=False)),
        contextlib.redirect_stderr(SafeStream(sys.stderr, bars=True)),
    ):
        yield


@contextlib.contextmanager
def output_of_one_of_several(index: int) -> Iterator[None]:
    """Standard output and error of one of several processes that train together.

    What libraries write to them by themselves is left out, such as a page when another process has
    died; TF_CPP_MIN_LOG_LEVEL=0 brings it back. Of all processes but the first standard output is
    left out too.

    Args:
        index: of the process, from 0.
    """
    nothing = os.open(os.devnull, os.O_WRONLY)
    with contextlib.ExitStack() as stack:
        for name, number in (("stdout", 1), ("stderr", 2)):
            getattr(sys, name).flush()
            shown = os.dup(number)
            own = os.dup(nothing if number == 1 and index > 0 else number)
            if os.environ.get("TF_CPP_MIN_LOG_LEVEL") != "0":
                os.dup2(nothing, number)
                stack.callback(os.dup2, shown, number)
            stream = stack.enter_context(os.fdopen(own, "w", encoding="utf-8", buffering=1))
            stack.enter_context(getattr(contextlib, f"redirect_{name}")(stream))
        yield


@contextlib.contextmanager
def coloured_output() -> Iterator[None]:
    """Lets through the colours of text that is all our own, such as --help."""
    with contextlib.redirect_stdout(getattr(sys.stdout, "stream", sys.stdout)):
        yield
