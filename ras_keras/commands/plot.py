"""Draw the curves of training runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from ras_keras.commands.line.fields import File, Run
from ras_keras.commands.line.flags import parse
from ras_keras.commands.line.left_out import LeftOut
from ras_keras.errors import UserError
from ras_keras.plots.curves import plot_curves, read_curves
from ras_keras.plots.picture import check_picture
from ras_keras.training import RunFolder


@dataclass(frozen=True)
class Plot:
    """Draw accuracy, or average precision, loss and gate spread of training runs over epochs."""

    runs: Annotated[tuple[Run, ...], tyro.conf.Positional]
    """Run folders, drawn into one picture."""
    output: File | None = None
    """File of the picture, its ending chooses the format; None is curves.png in the run folder, or
    of several runs in the folder that the first one lies in."""


def main(arguments: Sequence[str], program: str) -> int:
    options = parse(Plot, arguments, program)
    if not options.runs:
        raise UserError("no run folder was named; name one such as Logs/<run>.")
    folder = Path(options.runs[0])
    if len(options.runs) > 1:
        folder = folder.parent
    picture = Path(options.output or folder / "curves.png")
    curves, left_out = [], LeftOut()
    for run in options.runs:
        try:
            curves.append(read_curves(RunFolder.open(run)))
        except UserError as error:
            # Of a single run it is all there is to say.
            if len(options.runs) == 1:
                raise
            left_out(error)
    check_picture(picture)
    if curves:
        plot_curves(curves, picture)
        print(f"picture  {picture}")
    return left_out.exit_code
