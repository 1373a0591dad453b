"""Builds the site of the documentation in build/site: python scripts/make_docs.py

The pages are laid out in build/docs as they lie in the repository, so that a link works in both.
What is said elsewhere comes from there: the commands' flags from --help, the published figures from
the package's list of them, the notebook from its file.
"""

import contextlib
import importlib
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

# The width of the texts of --help.
os.environ["COLUMNS"] = "78"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pandas as pd
from ras_keras_console import COMMANDS

from ras_keras.commands.benchmark import KINDS
from ras_keras.commands.detect import KINDS as DETECTION_KINDS
from ras_keras.papers.markdown import DATASETS, with_sd
from ras_keras.papers.tables import TABLES
from ras_keras.text.markdown import table

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "build" / "docs"
NOTEBOOK = "examples/quickstart.ipynb"
# A place of published figures in a page, such as <!-- published: table1 table2 -->.
PUBLISHED = re.compile(r"<!-- published: (.+) -->")
# The place of the list of networks, which `scripts/models.py --networks --output` wrote.
NETWORKS = "<!-- networks -->"
LISTED = ROOT / "docs" / "networks.csv"
SUBCOMMANDS = {
    "benchmark": tuple(KINDS),
    "detect": tuple(DETECTION_KINDS),
    "reproduce": ("", "report"),
}
# What the generator says of docstrings without counting it as a warning.
WARNING = re.compile(r"^(griffe|mkdocstrings|zensical): .*", re.MULTILINE)


def lay_out() -> None:
    """Copies the pages and their pictures to build/docs."""
    shutil.rmtree(PAGES, ignore_errors=True)
    for file in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*"), *ROOT.glob("results/**/*")):
        if file.suffix in (".md", ".png", ".css"):
            page = PAGES / file.relative_to(ROOT)
            page.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, page)
    for page in PAGES.rglob("*.md"):
        text = page.read_text(encoding="utf-8")
        text = PUBLISHED.sub(lambda found: published(*found[1].split()), text)
        if NETWORKS in text:
            text = text.replace(NETWORKS, networks())
        text = text.replace(".ipynb)", ".md)")
        page.write_text(text, encoding="utf-8")


def networks() -> str:
    """The networks that have a name, a Markdown table."""
    listed = pd.read_csv(LISTED, dtype=str)
    for name in ("trainable_parameters", "all_parameters"):
        listed[name] = listed[name].map(lambda count: f"{int(count):,}")
    for name in ("name", "flags"):
        listed[name] = "`" + listed[name] + "`"
    return table(listed.rename(columns=lambda name: name.replace("_", " ")))


def published(*names: str) -> str:
    """The published figures of tables, a Markdown table each, under their titles."""
    parts = ["Test accuracy in percent, and in brackets millions of parameters, where printed."]
    for name in names:
        datasets = TABLES[name].datasets
        rows = {}
        for each in TABLES[name].figures:
            parameters = f" ({each.parameters_million})" if each.parameters_million else ""
            row = rows.setdefault((each.backbone, each.attention, each.setting), {})
            row[each.dataset] = with_sd(each.value, each.sd) + parameters
        headings = ["network", "attention", *(DATASETS[dataset] for dataset in datasets)]
        lines = [
            [network, f"{attention} {setting}", *(row.get(dataset, "") for dataset in datasets)]
            for (network, attention, setting), row in rows.items()
        ]
        cells = pd.DataFrame(lines, columns=headings)
        parts.append(f"### {name}: {TABLES[name].title}\n\n{table(cells)}")
    return "\n\n".join(parts)


def write_commands() -> None:
    """Writes the page of all commands with what --help says of them."""
    parts = [
        "# Commands",
        "What `--help` prints. In a clone of the project, `python scripts/train.py` stands for "
        "`ras-keras train`, and so for the others; `ras-keras check-data` and `check_data` are the "
        "same.",
    ]
    for command, what in COMMANDS.items():
        parts.append(f"## {command}\n\n{what[0].upper()}{what[1:]}.")
        for sub in SUBCOMMANDS.get(command, ("",)):
            arguments = [sub] if sub else []
            parts.append("```text\n" + help_of(command, arguments) + "\n```")
    page = PAGES / "docs/reference/commands.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def help_of(command: str, arguments: list[str]) -> str:
    """What a command prints for --help."""
    main = importlib.import_module(f"ras_keras.commands.{command}").main
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.suppress(SystemExit):
        main([*arguments, "--help"], f"ras-keras {command}")
    return text.getvalue().strip()


def write_notebook() -> None:
    """Writes the notebook as a page, with the outputs that are stored in it."""
    folder = (PAGES / NOTEBOOK).parent
    convert = [sys.executable, "-m", "nbconvert", "--to", "markdown", "--log-level", "ERROR"]
    subprocess.run([*convert, "--output-dir", folder, ROOT / NOTEBOOK], check=True)


def build() -> int:
    """Builds the site; the exit code is 1 if there was a warning of any kind."""
    done = subprocess.run(
        [Path(sys.executable).with_name("zensical"), "build", "--strict", "--clean"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    print(done.stdout, end="")
    return 1 if done.returncode or WARNING.search(done.stdout) else 0


if __name__ == "__main__":
    lay_out()
    write_commands()
    write_notebook()
    sys.exit(build())
