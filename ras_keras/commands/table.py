"""Tabulate runs that differ in attention."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from ras_keras.commands.flags import parse
from ras_keras.errors import UserError
from ras_keras.report.attention_table import attention_rows, markdown, plot_attention
from ras_keras.report.picture import check_picture
from ras_keras.training import RunFolder


@dataclass(frozen=True)
class Table:
    """Tabulate runs that differ in attention, with the cost of each, and draw them."""

    runs: Annotated[tuple[str, ...], tyro.conf.Positional]
    """Run folders of finished runs."""
    costs: tuple[str, ...] = ()
    """CSV files that benchmark.py attention --output wrote."""
    output: str = "attention.png"
    """File of the picture, its ending chooses the format."""


def main(arguments: Sequence[str], program: str) -> None:
    options = parse(Table, arguments, program)
    if not options.runs:
        raise UserError("no run folder was named; name one such as Logs/<run>.")
    if not options.costs:
        raise UserError("--costs names no file; make one by benchmark.py attention --output.")
    picture = Path(options.output)
    check_picture(picture)
    rows = attention_rows(
        [RunFolder.open(run) for run in options.runs], [Path(file) for file in options.costs]
    )
    print(markdown(rows))
    plot_attention(rows, picture)
    print(f"\npicture  {picture}")
