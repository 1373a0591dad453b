"""Files that are whole or not there."""

import contextlib
import fcntl
import os
from pathlib import Path

from ras_keras.errors import UserError


def write_atomically(path: Path, write) -> None:
    """Calls `write` with a temporary path and puts the result in place of `path`.

    Args:
        path: of the file.
        write: called with the temporary path.

    Raises:
        UserError: if the disk is full or cannot be written; `path` is as it was.
    """
    # Of this process alone: several may write the same file.
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")
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


@contextlib.contextmanager
def locked(folder: Path):
    """Keeps a second process from a folder; a process that is killed lets go.

    Raises:
        UserError: if another process holds it, or it cannot be written.
    """
    try:
        stream = (folder / ".lock").open("a+")
    except OSError as error:
        raise UserError(
            f"{folder} cannot be written ({error.strerror}); choose another folder."
        ) from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            stream.seek(0)
            raise UserError(
                f"{folder} is in use by process {stream.read() or 'unknown'}; wait for it, or "
                "choose another folder."
            ) from error
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield
