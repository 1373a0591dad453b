"""Files that are whole or not there."""

import contextlib
import os
from pathlib import Path

from ras_keras.errors import UserError

AGAIN = "give the same command again, in a training with --resume"


def write_atomically(path: Path, write, remedy: str = AGAIN) -> None:
    """Calls `write` with a temporary path and puts the result in place of `path`.

    Args:
        path: of the file.
        write: called with the temporary path.
        remedy: what a user does once the disk is mended.

    Raises:
        UserError: if the disk is full or cannot be written; `path` is as it was.
    """
    temporary = path.with_name(f".{path.stem}.tmp{path.suffix}")
    try:
        write(temporary)
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise UserError(
            f"{path} cannot be written ({error.strerror or error}); mend that, then {remedy}."
        ) from error
