"""Every command and snippet of the documentation, run beside a trained run and a few photos.

Pages in their order, a page's blocks one after the other. See docs/contributing.md for the marks.
"""

import importlib
import shutil
import sys

import numpy as np
import pytest
from PIL import Image
from ras_keras_console import COMMANDS

from ras_keras.commands import run
from ras_keras.commands.line import flags
from ras_keras.recipes.starts import RECIPES
from tests.conftest import ROOT
from tests.docs.pages import GENERATED, LANGUAGES, PAGES, blocks, links, of_ours
from tests.few_digits import few_digits

RUN = "run"
# Laid out by scripts/make_docs.py alone.
MADE = {ROOT / "docs/reference/commands.md"}


def name(page) -> str:
    return page.relative_to(ROOT).as_posix()


# What a new user reads first; the other pages are run by make test-slow.
FIRST = ("README.md", "docs/start/first_run.md", "docs/guides/train.md", "docs/guides/python.md")


def parameters():
    """A row for each page whose blocks run, one more with its slow blocks among them."""
    for page in PAGES:
        marks = {block.mark for block in blocks(page) if block.runs}
        if marks - {"slow"}:
            marked = [] if name(page) in FIRST else [pytest.mark.slow]
            yield pytest.param(page, False, id=name(page), marks=marked)
        if "slow" in marks:
            yield pytest.param(page, True, id=f"{name(page)}, slow", marks=pytest.mark.slow)


@pytest.fixture(scope="module")
def small():
    """Recipes of the least depth and of few epochs, on a few digits."""
    with few_digits(32), pytest.MonkeyPatch.context() as patch:
        for recipe, less in (("quick", {"depth": 11}), ("fine-tuning", {"epochs": 2})):
            patch.setitem(RECIPES, recipe, RECIPES[recipe].replace(**less))
        yield


@pytest.fixture(scope="module")
def original(small, small_run, tmp_path_factory):
    """A folder with what the pages speak of: Logs/<run>, photos, and folders of classes."""
    folder = tmp_path_factory.mktemp("docs")
    shutil.copytree(small_run, folder / "Logs" / RUN)
    rng = np.random.default_rng(0)
    for file in (
        *("photo.jpg", "photos/0.png", "photos/1.jpg", "more/deeper/0.png"),
        *(f"plain/{pet}/{i}.jpg" for pet in ("cat", "dog") for i in range(5)),
        *(f"pets/train/{pet}/{i}.png" for pet in ("cat", "dog") for i in range(20)),
        *("pets/test/cat/0.png", "pets/test/dog/0.png"),
    ):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        size = (64, 64, 3) if file.startswith("pets") else (*rng.integers(40, 90, 2), 3)
        Image.fromarray(rng.integers(0, 256, size, dtype="uint8")).save(folder / file)
    return folder


@pytest.fixture
def place(original, tmp_path, monkeypatch):
    """A copy of that folder for each page."""
    shutil.copytree(original, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    modules = set(sys.modules)
    yield tmp_path
    for module in set(sys.modules) - modules:
        if str(tmp_path) in str(getattr(sys.modules[module], "__file__", "")):
            del sys.modules[module]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_is_run_or_says_why_not(page):
    for block in blocks(page):
        where = f"{name(page)}:{block.line}"
        assert block.language in LANGUAGES, f"{where} is in no language that is known"
        if block.language not in ("bash", "python") or block.mark == "slow":
            continue
        kind, _, what = block.mark.partition(": ")
        assert not kind or (kind in ("not run", "file") and what), f"{where} has an unknown mark"
        if block.language == "bash" and block.runs:
            assert all(map(of_ours, block.commands)), f"{where} has commands that no test runs"


@pytest.mark.parametrize("page", [*PAGES, *GENERATED], ids=name)
def test_flags_are_known(page, place, monkeypatch):
    """Of blocks that are not run too, each value included."""
    real = flags.parse

    class Parsed(Exception):
        pass

    def parse(*arguments, **options):
        real(*arguments, **options)
        raise Parsed

    for command in COMMANDS:
        importlib.import_module(f"ras_keras.commands.{command}")
    # Others may import what they name as soon as it is asked for.
    ours = [module for name, module in sys.modules.items() if name.startswith("ras_keras.")]
    for module in ours:
        if getattr(module, "parse", None) is real:
            monkeypatch.setattr(module, "parse", parse)
    for block in blocks(page):
        for words in block.commands if block.language == "bash" else ():
            if (found := of_ours(words)) is None:
                continue
            command, arguments = found
            main = importlib.import_module(f"ras_keras.commands.{command}").main
            with pytest.raises(Parsed):
                main([filled(each) for each in arguments], command)


@pytest.fixture
def smaller(page, small):
    """Smaller digits for a page that does not speak of the run."""
    with few_digits(32 if "<run>" in page.read_text(encoding="utf-8") else 8):
        yield


@pytest.mark.usefixtures("smaller")
@pytest.mark.parametrize(("page", "slow"), list(parameters()))
def test_page(page, slow, place, capsys):
    namespace = {"__name__": "page"}
    for block in blocks(page):
        if not block.runs or (block.mark == "slow" and not slow):
            continue
        code = filled(block.code)
        if block.mark.startswith("file: "):
            file = place / block.mark.removeprefix("file: ")
            file.write_text(code, encoding="utf-8")
            namespace |= vars(importlib.import_module(file.stem))
        elif block.language == "python":
            # So that a failure names the line of the page.
            exec(compile("\n" * (block.line - 1) + code, page, "exec"), namespace)
        else:
            for words in block.commands:
                command, arguments = of_ours([filled(word) for word in words])
                code = run(command, arguments, f"python scripts/{command}.py")
                assert code == 0, (block.line, words, capsys.readouterr().err)


def filled(text: str) -> str:
    return text.replace("<run>", RUN)


@pytest.mark.parametrize("page", [*PAGES, *GENERATED], ids=name)
def test_links_lead_somewhere(page):
    for target in links(page):
        file = (page.parent / target).resolve()
        assert file.is_file() or file in MADE, f"{name(page)} links to {target}"


def test_every_page_is_in_the_site():
    configuration = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in (*PAGES, ROOT / "results/README.md"):
        assert f": {name(page)}\n" in configuration, f"{name(page)} is not in mkdocs.yml"
