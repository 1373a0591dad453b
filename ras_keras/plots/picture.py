"""Files of pictures."""

from pathlib import Path

from ras_keras.errors import Argument, UserError


def check_picture(file: Path) -> None:
    """Refuses a file that a picture could not be written to, before it is drawn.

    Raises:
        UserError: for an unknown format or a missing folder.
    """
    from matplotlib.figure import Figure

    formats = Figure().canvas.get_supported_filetypes()
    if file.suffix[1:].lower() not in formats:
        raise UserError(
            Argument("output", file),
            " names no known format of pictures; end it in .png, .svg or .pdf.",
        )
    if not file.parent.is_dir():
        raise UserError(Argument("output", file), f": no folder {file.parent}; create it first.")
