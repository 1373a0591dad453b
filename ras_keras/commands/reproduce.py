"""Reproduce the papers' tables."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from ras_keras.backend.devices import leave_gpus
from ras_keras.cluster.ray_cluster import executor
from ras_keras.cluster.resources import Workers
from ras_keras.commands.line.fields import File, Folder, Name, Shown
from ras_keras.commands.line.flags import parse
from ras_keras.commands.line.left_out import LeftOut
from ras_keras.errors import UserError
from ras_keras.papers.execution import execute, print_plan
from ras_keras.papers.report import report, report_table
from ras_keras.papers.scale import Scale
from ras_keras.papers.study import Seeds, Study
from ras_keras.papers.tables import TABLES
from ras_keras.training import Interrupted
from ras_keras.values.choices import one_of

REPORT = "report"


@dataclass(frozen=True)
class Report:
    """Make all tables, pictures and the page of results anew from what is in a folder."""

    output: Folder = "results"
    """Folder of tables, pictures and the runs' records."""
    readme: File | None = None
    """File whose section of results is replaced; None is the README.md in --output, if there is
    one."""


@dataclass(frozen=True)
class Reproduce:
    """Run a table of the papers and set the figures beside the published ones.

    Runs that have a record in --output are not made again; runs that were cut short go on.
    """

    table: Annotated[str, tyro.conf.Positional, Shown("TABLE")]
    """table1, table2, table3, fig2, of the DIANet paper dianet-table3 to dianet-table9; systems,
    small networks of RLA-Net and of the Residual Attention Network; rivals, every attention module
    in a small network; or report, which makes all tables anew (report --help)."""
    datasets: tuple[Name, ...] = ()
    """cifar10, cifar100, stl10; none named is those that the paper reports, for fig2, systems
    and rivals all three."""
    rows: tuple[str, ...] = ()
    """Of the table: se, "ras, default form", ras:k=2, or numbers from 1; none named is all."""
    seeds: Seeds = 1
    """Runs of each row, with the seeds 0, 1, ..."""
    gammas: tuple[float, ...] = (0.0,)
    """Starts of RAS's gamma, each a row; the published one is 0."""
    depth: int | None = None
    """Depth of every network instead of its own."""
    epochs: int | None = None
    """Epochs of every run instead of its own; the schedule shrinks with them."""
    fraction: float = 1.0
    """Part of the training images, chosen by the seed."""
    batch_size: int | None = None
    """Images per step; None is the recipe's."""
    dry_run: bool = False
    """Say what would be run and how long it would take; nothing is trained, measured or written."""
    data_dir: str | None = None
    """Folder of prepared data sets; None is tensorflow-datasets' own (TFDS_DATA_DIR)."""
    download: bool = False
    """Create and fill a --data-dir that does not hold the data set."""
    log_dir: Folder = "Logs"
    """Folder of the run folders."""
    output: Folder = "results"
    """Folder of tables, pictures and the runs' records."""
    cluster: Workers = field(default_factory=Workers)


def main(arguments: Sequence[str], program: str) -> int:
    if list(arguments[:1]) == [REPORT]:
        return _report(parse(Report, arguments[1:], f"{program} {REPORT}"))
    options = parse(Reproduce, arguments, program)
    options.cluster.check()
    one_of("the table", options.table, (*TABLES, REPORT))
    study = Study(
        options.table,
        options.datasets or TABLES[options.table].datasets,
        options.seeds,
        options.gammas,
        Scale(options.depth, options.epochs, options.fraction, options.batch_size),
    )
    study.check()
    study = study.choosing(options.rows)
    output = Path(options.output)
    if options.dry_run:
        print_plan(study, output)
        return 0
    data = {"data_dir": options.data_dir, "download": options.download}
    try:
        if options.cluster.several:
            leave_gpus()
        execute(study, Path(options.log_dir), output, data, executor(options.cluster))
    except (Interrupted, KeyboardInterrupt) as error:
        raise Interrupted(f"{str(error) or 'SIGINT'}; the same command goes on") from error
    _print(report_table(output / study.name))
    return 0


def _report(options: Report) -> int:
    output = Path(options.output)
    readme = output / "README.md"
    if options.readme is not None:
        readme = Path(options.readme)
        if not readme.is_file():
            raise UserError(f"--readme {readme} is no file; name the page of results.")
    left_out = LeftOut()
    _print(report(output, readme if readme.is_file() else None, left_out))
    return left_out.exit_code


def _print(files: Sequence[Path]) -> None:
    for file in files:
        print(f"written  {file}")
