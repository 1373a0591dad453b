"""The file of a model that is to be written."""

from pathlib import Path

from ras_keras.errors import UserError


def check_new_model(file: Path) -> None:
    """Refuses a file that could not be written, or would be lost.

    Raises:
        UserError: saying why.
    """
    if file.suffix != ".keras":
        raise UserError(f"--output {file} names no .keras file; end it in .keras.")
    if not file.parent.is_dir():
        raise UserError(f"--output {file}: no folder {file.parent}; create it first.")
    if file.exists():
        raise UserError(f"{file} exists and is not overwritten; name another file by --output.")
