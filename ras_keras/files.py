"""Files that are whole or not there, and folders that one process has to itself."""

import contextlib
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from ras_keras.errors import UserError

LOCK = ".lock"
HOLDER = ".lock.pid"


def write_atomically(path: Path, write) -> None:
    """Calls `write` with a temporary path and puts the result in place of `path`.

    Args:
        path: of the file.
        write: called with the temporary path.

    Raises:
        UserError: if the disk is full or cannot be written; `path` is as it was.
    """
    # Of this process alone: several may write the same file. As short as may be: the name of
    # the file may be the longest that there is.
    stem = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:8]
    temporary = path.with_name(f".{stem}.{os.getpid()}.tmp{path.suffix[:16]}")
    try:
        write(temporary)
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise UserError(
            f"{path} cannot be written ({error.strerror or error}); mend that, then give the same "
            "command again, in a training with --resume."
        ) from error


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


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keeps a second process from a folder; a process that is killed lets go.

    A file system that has no locks is said in a notice, and then nothing keeps it.

    Raises:
        UserError: if another process holds it, or it cannot be written.
    """
    file, holder = folder / LOCK, folder / HOLDER
    try:
        file.touch()
    except OSError as error:
        raise UserError(
            f"{folder} cannot be written ({error.strerror}); choose another folder."
        ) from error
    lock = FileLock(file, timeout=0, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise UserError(
            f"{folder} is in use by {_holder(holder)}; wait for it, or choose another folder."
        ) from error
    except OSError as error:
        print(
            f"notice   the file system of {folder} has no locks ({error.strerror}); see that no "
            "second process works there",
            flush=True,
        )
    with contextlib.suppress(OSError):
        holder.write_text(str(os.getpid()))
    try:
        yield
    finally:
        for each in (holder, file):
            # Windows removes no file that is open.
            with contextlib.suppress(OSError):
                each.unlink()
        lock.release()


def _holder(file):
    """The process that wrote its number, as words."""
    try:
        return f"process {int(file.read_text())}"
    except (OSError, ValueError):
        return "another process"
