"""Small text files of others: read within a limit, with the line in what is said of them."""

from pathlib import Path

from ras_keras.data.files.image_paths import folders_below, is_hidden
from ras_keras.errors import UserError

MAXIMUM_BYTES = 2**22


def damaged(file: Path, line: int, problem: str) -> UserError:
    """The error of a file that says nonsense.

    Args:
        file: that was read.
        line: where, counted from 1.
        problem: such as "<xmin> is 'a', not a number".
    """
    return UserError(f"{file}, line {line:,}: {problem}; correct it or export the file anew.")


def files_below(folder: Path, suffix: str) -> set[Path]:
    """The files of an ending in a folder and at any depth below it, as images are looked for."""
    return {
        place / entry.name
        for place, entries in folders_below(folder)
        for entry in entries or ()
        if entry.name.endswith(suffix) and not is_hidden(entry.name)
    }


def read_limited(file: Path) -> bytes:
    """The content of a file.

    Raises:
        UserError: if it cannot be read or has more than `MAXIMUM_BYTES`.
    """
    try:
        # A pipe, which would be waited for, has no size.
        if not file.is_file():
            raise UserError(f"{file} is missing; restore it.")
        with file.open("rb") as stream:
            data = stream.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        raise UserError(f"{file} cannot be read ({error.strerror}); mend that.") from error
    if len(data) > MAXIMUM_BYTES:
        raise UserError(
            f"{file} has more than the {MAXIMUM_BYTES:,} bytes that are read; split it."
        )
    return data


def read_text(file: Path) -> str:
    """The UTF-8 text of a file.

    Raises:
        UserError: as `read_limited` does, and for what is no text.
    """
    data = read_limited(file)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise damaged(file, line, "it is no UTF-8 text") from error


def read_lines(file: Path) -> list[tuple[int, str]]:
    """The lines of a UTF-8 text that hold something, each with its number, counted from 1.

    Raises:
        UserError: as `read_text` does.
    """
    lines = enumerate(read_text(file).split("\n"), start=1)
    return [(number, line.rstrip()) for number, line in lines if line.strip()]
