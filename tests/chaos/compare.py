"""Whether what came out of a disturbed command is what an undisturbed one left."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

# What no two runs have alike.
TIMES = ("seconds", "images_per_second", "peak_memory_bytes", "device")


def differences(expected: Path, found: Path) -> list[str]:
    """What differs between the run folders, and the tables of searches, below two folders."""
    runs = sorted(file.parent.relative_to(expected) for file in expected.rglob("recipe.json"))
    others = sorted(file.parent.relative_to(found) for file in found.rglob("recipe.json"))
    if not runs:
        return ["the undisturbed command left no run folder"]
    if runs != others:
        return [f"{len(others)} run folders where {len(runs)} were"]
    problems = [
        f"{run}: {problem}" for run in runs for problem in _of_runs(expected / run, found / run)
    ]
    for name in ("trials.csv", "best_recipe.json"):
        for file in expected.rglob(name):
            other = found / file.relative_to(expected)
            if not other.is_file():
                problems.append(f"{other.name} is missing")
            elif _content(file) != _content(other):
                problems.append(f"{other.name} differs")
    return problems


def _content(file: Path):
    """What two commands should have alike of a table or of a recipe."""
    if file.suffix == ".csv":
        return _table(file).to_csv()
    return json.loads(file.read_text(encoding="utf-8"))


def _of_runs(expected: Path, found: Path) -> list[str]:
    problems = []
    states = [_state(run) for run in (expected, found)]
    if states[0].keys() != states[1].keys():
        problems.append("the last states hold other arrays")
    elif unequal := [
        name for name, array in states[0].items() if not np.array_equal(array, states[1][name])
    ]:
        problems.append(f"{len(unequal)} of {len(states[0])} arrays of the state differ")
    if not _table(expected / "metrics.csv").equals(_table(found / "metrics.csv")):
        problems.append("metrics.csv differs")
    results = [_result(run) for run in (expected, found)]
    if results[0] != results[1]:
        problems.append("result.json differs")
    return problems


def _state(run: Path) -> dict[str, np.ndarray]:
    """The arrays of the last state; the records of a table have none."""
    newest = max((run / "state").glob("epoch-*.npz"), default=None)
    if newest is None:
        return {}
    with np.load(newest) as arrays:
        return {name: arrays[name] for name in arrays.files if name != "progress"}


def _table(file: Path) -> pd.DataFrame:
    table = pd.read_csv(file)
    return table.drop(columns=[name for name in table if name.endswith(TIMES)])


def _result(run: Path) -> dict:
    result = json.loads((run / "result.json").read_text(encoding="utf-8"))
    return {name: value for name, value in result.items() if name not in TIMES}
