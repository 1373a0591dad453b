"""Files that are whole or not there."""

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from ras_keras.errors import Argument, UserError

LOCK = ".lock"
HOLDER = ".lock.pid"
# Bytes of a name that file systems take.
LONGEST_NAME = 255
LONGEST_ENDING = 20


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Calls `write` with a temporary path and puts the result in place of `path`.

    Args:
        path: of the file.
        write: called with the temporary path.

    Raises:
        UserError: if the disk is full or cannot be written; `path` is as it was.
    """
    temporary = _temporary(path)
    try:
        write(temporary)
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise UserError(
            f"{path} cannot be written ({error.strerror or error}); mend that, then give the same "
            "command again, in a training with ",
            Argument("resume"),
            ".",
        ) from error


def _temporary(path: Path) -> Path:
    """A path beside another, of this process alone, for a name of any length.

    The ending stays, because writers choose the format by it.
    """
    ending = path.suffix if 0 < len(os.fsencode(path.suffix)) <= LONGEST_ENDING else ".part"
    return path.with_name(f".{_digest(path.name)}.{os.getpid()}.tmp{ending}")


def beside(path: Path, ending: str) -> Path:
    """The path of a file that goes with another: its name without its ending, and `ending`.

    A name that would be too long for a file system is cut, and a digest of it keeps it apart.
    """
    stem, room = os.fsencode(path.stem), LONGEST_NAME - len(os.fsencode(ending))
    if len(stem) > room:
        digest = f"-{_digest(path.name)}"
        stem = stem[: room - len(digest)].decode(errors="ignore").encode() + digest.encode()
    return path.with_name(os.fsdecode(stem) + ending)


def _digest(name: str) -> str:
    return hashlib.sha256(os.fsencode(name)).hexdigest()[:8]


def is_vacant(path: Path) -> bool:
    """Whether a path is a folder with nothing in it but what a killed process left half written."""
    try:
        return all(each.name in (LOCK, HOLDER) or each.match(".*.tmp.*") for each in path.iterdir())
    except OSError:
        return False


def remove_vacant(folder: Path) -> None:
    """Removes a folder if nothing is in it but what a killed process left half written.

    Raises:
        OSError: if something in it cannot be removed.
    """
    if is_vacant(folder):
        for each in folder.iterdir():
            each.unlink()
        folder.rmdir()


def newest_first(files: Iterable[Path]) -> list[Path]:
    """Files whose names end in a number, the largest first: 10000 is longer than 9999."""
    return sorted(files, key=lambda file: (len(file.name), file.name), reverse=True)


def checksum(file: Path) -> str | None:
    """The SHA-256 of a file in hexadecimal, None if it cannot be read."""
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


def cache_folder() -> Path:
    """The folder of what can be made again, by the custom of the operating system."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("ras_keras", appauthor=False))
