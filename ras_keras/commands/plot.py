"""Draw the curves of training runs."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from ras_keras.commands.flags import parse
from ras_keras.errors import UserError
from ras_keras.printable import printable
from ras_keras.report.curves import plot_curves
from ras_keras.report.picture import check_picture
from ras_keras.training import RunFolder

UNREADABLE = 1


@dataclass(frozen=True)
class Plot:
    """Draw accuracy, loss and gate spread of training runs over their epochs.

    Of several runs those that cannot be read are named on standard error and left out; the exit
    code is then 1.
    """

    runs: Annotated[tuple[str, ...], tyro.conf.Positional]
    """Run folders, drawn into one picture."""
    output: str | None = None
    """File of the picture, its ending chooses the format; None is curves.png, in the run folder
    if there is but one."""


def main(arguments: Sequence[str], program: str) -> int:
    options = parse(Plot, arguments, program)
    if not options.runs:
        raise UserError("no run folder was named; name one such as Logs/<run>.")
    folder = Path(options.runs[0]) if len(options.runs) == 1 else Path()
    picture = Path(options.output or folder / "curves.png")
    check_picture(picture)
    runs, left_out = [], []
    for path in options.runs:
        try:
            run = RunFolder.open(path)
            runs.append((run, run.read_metrics()))
        except UserError as error:
            left_out.append(error)
    if not runs:
        raise left_out[0]
    for error in left_out:
        print(f"left out: {printable(error)}", file=sys.stderr)
    plot_curves(runs, picture)
    print(f"picture  {picture}")
    return UNREADABLE if left_out else 0
