"""Folders that one process has to itself."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from ras_keras.errors import UserError
from ras_keras.files import HOLDER, LOCK


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
