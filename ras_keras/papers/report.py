"""Makes tables, pictures and the page of results anew from what is at hand."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from ras_keras.benchmark.file import read_benchmark
from ras_keras.benchmark.markdown import benchmark_markdown
from ras_keras.errors import Argument, UserError
from ras_keras.files import write_atomically
from ras_keras.papers.differences import differences
from ras_keras.papers.markdown import markdown
from ras_keras.papers.pictures import PICTURES, write_pictures
from ras_keras.papers.records import RunRecord, describe
from ras_keras.papers.results import (
    COLLECTION,
    collection_results,
    read_results,
    study_results,
)
from ras_keras.papers.speeds import Speed, benchmark_files, stored_speeds
from ras_keras.papers.study import FILE, Study
from ras_keras.text.markdown import escaped, link
from ras_keras.values.csv_files import write_table

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
NOTE = "note.md"


def report(output: Path, readme: Path | None, leave_out: Callable[[UserError], None]) -> list[Path]:
    """Makes everything anew from the records and CSV files of a folder, without training.

    A table or benchmark that is damaged does not keep the others from being made; the page of
    results stays as it is while a CSV file is damaged, so that it loses no table.

    Args:
        output: the folder, such as results.
        readme: the page whose section of results is replaced, None for none.
        leave_out: called with what is wrong with a table or a benchmark, or keeps the page as it
            is.

    Returns:
        The files written.

    Raises:
        UserError: if there is no such folder, or the page has no place for the results; no file
            is half written.
    """
    if not output.is_dir():
        raise UserError(
            Argument("output", output), " is no folder; name the one that holds the results."
        )
    files = []
    speed = stored_speeds(output, leave_out)
    for folder in table_folders(output):
        try:
            files += report_table(folder, speed)
        except UserError as error:
            leave_out(error)
    if readme is not None:
        try:
            section = results_section(output, readme.parent)
        except UserError as error:
            leave_out(UserError(f"{readme} stays as it is (", *error.args, ")"))
            return files
        text = with_section(readme, section)
        write_atomically(readme, lambda path: path.write_text(text, encoding="utf-8"))
        files.append(readme)
    return files


def table_folders(output: Path) -> list[Path]:
    """The folders of tables and collections in a folder of results."""
    return [
        folder
        for folder in sorted(output.iterdir())
        if (folder / FILE).is_file() or (folder / COLLECTION).is_file()
    ]


def report_table(folder: Path, speed: Speed | None = None) -> list[Path]:
    """Writes a table's CSV from its folder of records, its Markdown and pictures from the CSV.

    Where there are no records the CSV stays as it is.

    Args:
        folder: such as results/table2; the files are called after it.
        speed: of the networks; None for what the benchmarks beside the folder say.

    Returns:
        The files.

    Raises:
        UserError: if a record or the CSV cannot be right, or nothing can be
            written.
    """
    speed = speed or stored_speeds(folder.parent)
    if (folder / FILE).is_file():
        results = study_results(Study.read(folder), folder, speed)
    else:
        results = collection_results(folder, speed)
    file, text = (folder.with_name(f"{folder.name}{ending}") for ending in (".csv", ".md"))
    if results[["n", "diverged"]].any(axis=None) or not file.is_file():
        write_table(file, results.to_dict("records"))
    results = read_results(file)
    title = escaped(results["title"][0])
    parts = [
        f"# {title}",
        _note(folder),
        markdown(results, recipes=True),
        _differences(folder, results),
    ]
    content = "\n\n".join(filter(None, parts)) + "\n"
    write_atomically(text, lambda path: path.write_text(content, encoding="utf-8"))
    for name in PICTURES:
        folder.with_name(f"{folder.name}-{name}.png").unlink(missing_ok=True)
    return [file, text, *write_pictures(results, _records(folder), folder)]


def _records(folder: Path) -> dict[str, list[RunRecord]]:
    """The records of a folder, by what the column recipe says of them."""
    found = {}
    for path in sorted(folder.iterdir()):
        if record := RunRecord.of(path):
            found.setdefault(describe(record.recipe), []).append(record)
    return found


def results_section(output: Path, root: Path) -> str:
    """The page's section of results, from CSV files, notes and pictures alone.

    Args:
        output: the folder of results.
        root: the folder from which links start.

    Raises:
        UserError: if a CSV file cannot be right.
    """
    parts = []
    for folder in table_folders(output):
        file = folder.with_name(f"{folder.name}.csv")
        if not file.is_file():
            raise UserError(f"{file} is missing; make it by scripts/reproduce.py report.")
        results = read_results(file)
        pictures = {name: output / f"{folder.name}-{name}.png" for name in PICTURES}
        links = [
            link(name, _relative(file, root)) for name, file in pictures.items() if file.is_file()
        ]
        title = f"### {escaped(results['title'][0])}"
        parts += [title, _note(folder), markdown(results), _differences(folder, results)]
        parts += [f"!{first}" for first in links[:1]]
        recipes = _relative(folder.with_name(f"{folder.name}.md"), root)
        links = [*links[1:], link("recipes", recipes)]
        parts.append(f"More: {', '.join(links)}.")
    for file in benchmark_files(output):
        parts += [f"### Benchmark: {escaped(file.stem)}", benchmark_markdown(read_benchmark(file))]
    return "\n\n".join(part for part in parts if part)


def with_section(readme: Path, section: str) -> str:
    """The page's text with another section of results.

    Raises:
        UserError: if it cannot be read or the section's marks are not in it.
    """
    try:
        text = readme.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(Argument("readme", readme), f": {error.strerror}.") from error
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise UserError(f"{readme} must hold {BEGIN} and, behind it, {END}, once each.")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    return f"{before}{BEGIN}\n\n{section}\n\n{END}{after}"


def _note(folder: Path) -> str:
    """What stands between a table's title and the table: its command, and a note beside it."""
    parts = []
    if (folder / FILE).is_file():
        parts.append(f"```bash\n{Study.read(folder).command}\n```")
    if (folder / NOTE).is_file():
        parts.append((folder / NOTE).read_text(encoding="utf-8").strip())
    return "\n\n".join(parts)


def _differences(folder: Path, results: pd.DataFrame) -> str:
    """What the seeds of a collection show; those of a paper's table stand beside its figures."""
    return differences(results) if (folder / COLLECTION).is_file() else ""


def _relative(file: Path, root: Path) -> Path:
    return file.resolve().relative_to(root.resolve())
