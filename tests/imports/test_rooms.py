"""The house plan: which rooms there are, and that a room imports only what is below it."""

import ast

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "ras_keras"
# From the ground up. A room may import those of the lines above its own, and itself.
FLOORS = (
    "errors pixels",
    "files text",
    "locks values",
    "backend optimizers pretrained",
    "outputs saving layers",
    "models folding gates data",
    "insertion",
    "recipes",
    "runs",
    "training",
    "inference cluster",
    "export explain",
    "convert plots serving detection",
    "tuning benchmark",
    "papers",
    "commands",
)
HEIGHT = {room: height for height, rooms in enumerate(FLOORS) for room in rooms.split()}
# Names of 0.5, which stay importable.
HANDED_ON = {"deploy", "training/gates.py"}


def rooms():
    return sorted(
        path.stem
        for path in PACKAGE.iterdir()
        if (path.suffix == ".py" or path.is_dir()) and not path.name.startswith("__")
    )


def imported(file):
    """The rooms that a file imports from."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{each.name}" for each in node.names]
        elif isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        else:
            continue
        for name in names:
            package, _, rest = name.partition(".")
            if package == "ras_keras" and rest and not rest.startswith("__"):
                yield rest.partition(".")[0]


def test_every_room_stands_in_the_plan():
    assert set(rooms()) - HANDED_ON == set(HEIGHT)


@pytest.mark.parametrize("room", sorted(set(HEIGHT)))
def test_a_room_imports_only_what_is_below(room):
    files = (
        [PACKAGE / f"{room}.py"]
        if (PACKAGE / f"{room}.py").exists()
        else PACKAGE.glob(f"{room}/**/*.py")
    )
    above = {
        f"{file.relative_to(PACKAGE)}: {other}"
        for file in files
        if str(file.relative_to(PACKAGE)) not in HANDED_ON
        for other in imported(file)
        if other != room and HEIGHT[other] >= HEIGHT[room]
    }
    assert not above
