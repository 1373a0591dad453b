"""Searches that are cut off between any two events, with trials that are only pretended."""

import contextlib
import json
import tempfile
from functools import partial

import pytest
import scipy.optimize

from ras_keras.errors import UserError
from ras_keras.training import RECIPES
from ras_keras.tuning.event_log import EventLog
from ras_keras.tuning.make_space import make_space
from ras_keras.tuning.oracles import ALGORITHMS
from ras_keras.tuning.progress import Progress
from ras_keras.tuning.search import Search
from tests.tiers import tiered

FIXED = RECIPES["quick"].replace(epochs=9)
BOTH = ("k", "learning_rate")
# Its Gaussian process takes longer than all the others.
EACH_ALGORITHM = tiered(ALGORITHMS, lambda name: name == "bayesian")


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    """A Bayesian search that looks for its optima in two steps: in seconds, not in minutes."""
    hasty = partial(scipy.optimize.minimize, options={"maxiter": 2})
    monkeypatch.setattr(scipy.optimize, "minimize", hasty)


@contextlib.contextmanager
def opened(tmp_path, algorithm, names=("k",), trials=None):
    tmp_path.mkdir(exist_ok=True)
    search = Search(make_space(FIXED, names, []), algorithm, trials, tmp_path)
    with tempfile.TemporaryDirectory() as place:
        yield Progress(search, EventLog(tmp_path / "log.jsonl"), place)


def score(trial):
    """Of a pretended trial; every seventh diverges."""
    if trial.number % 7 == 6:
        return {"failed": "loss became nan"}
    rate = trial.values.get("learning_rate", 0.1)
    accuracy = 0.5 + 0.1 * trial.values["k"] - (rate - 0.07) ** 2 + 0.01 * trial.epochs
    return {"val_accuracy": accuracy / 2, "seconds": 1.0}


def step(progress, workers):
    """The next event of a search by so many workers, the youngest of which ends first.

    Returns whether there was one.
    """
    running = progress.unfinished()
    if len(running) < workers and progress.next_trial() is not None:
        return True
    if not running:
        return False
    trial = running[-1]
    progress.end(trial, score(trial))
    return True


def all_of(progress):
    return [(trial.values, trial.epochs, trial.epochs_before) for trial in progress.trials]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("algorithm", EACH_ALGORITHM)
def test_a_search_that_is_cut_off_is_the_one_that_never_was(tmp_path, algorithm, workers):
    """At every fifth event, in trials and between them; a half-written event is none."""
    trials = {"hyperband": None, "bayesian": 6}.get(algorithm, 9)
    with opened(tmp_path / "whole", algorithm, BOTH, trials) as progress:
        while step(progress, workers):
            pass
        expected = all_of(progress)
        assert len(expected) == progress.planned > 5
    lines = (tmp_path / "whole" / "log.jsonl").read_bytes().splitlines(keepends=True)
    assert len(lines) > 2 * len(expected)
    for cut in range(1, len(lines), 5):
        file = tmp_path / f"cut{cut}" / "log.jsonl"
        file.parent.mkdir()
        file.write_bytes(b"".join(lines[:cut]) + lines[cut][:9])
        with opened(file.parent, algorithm, BOTH, trials) as progress:
            begun = sum(b'"create"' in line for line in lines[:cut])
            assert all_of(progress) == expected[:begun]
            while step(progress, workers):
                pass
        assert all_of(progress) == expected
        assert file.read_bytes().splitlines() == [line.strip() for line in lines]


@pytest.mark.parametrize("algorithm", EACH_ALGORITHM)
def test_a_small_space_is_searched_once_and_then_ends(tmp_path, algorithm):
    with opened(tmp_path, algorithm, trials=None if algorithm == "hyperband" else 10) as progress:
        while step(progress, workers=1):
            pass
    assert {trial.values["k"] for trial in progress.trials} == {1, 2, 3, 4}
    expected = {"hyperband": [1, 1, 1, 1, 3, 3, 3, 9]}.get(algorithm, [9] * 4)
    assert sorted(trial.epochs for trial in progress.trials) == expected
    assert progress.planned == len(expected)
    assert progress.planned_epochs == (4 * 1 + 3 * 2 + 6 if algorithm == "hyperband" else 4 * 9)
    assert sum(trial.own_epochs for trial in progress.trials) == progress.planned_epochs


@pytest.mark.parametrize(
    "algorithm", ["grid", "random", pytest.param("bayesian", marks=pytest.mark.slow)]
)
def test_more_trials_go_on_and_fewer_are_no_error(tmp_path, algorithm):
    """The points that a Bayesian search begins with are as many as before."""
    points = []
    for trials in (4, 12, 2):
        with opened(tmp_path, algorithm, BOTH, trials) as progress:
            while step(progress, workers=2):
                pass
        points.append(all_of(progress))
    assert [*map(len, points)] == [4, 12, 12]
    assert points[1][:4] == points[0]
    assert points[1] == points[2]


def test_hyperband_promotes_the_best(tmp_path):
    with opened(tmp_path, "hyperband", BOTH) as progress:
        while step(progress, workers=1):
            pass
    first = [trial for trial in progress.trials[:9] if trial.status == "completed"]
    best = sorted(first, key=lambda trial: trial.outcome["val_accuracy"], reverse=True)
    promoted = [trial.values for trial in progress.trials[9:12]]
    assert len(first) == 8
    assert [trial.epochs for trial in progress.trials[:13]] == [1] * 9 + [3] * 3 + [9]
    # One is promoted as soon as it is among the best of nine, whatever comes.
    assert all(values in [trial.values for trial in best[:4]] for values in promoted)
    assert progress.trials[12].values in promoted


def lines_of(tmp_path):
    with opened(tmp_path, "random", trials=3) as progress:
        while step(progress, workers=1):
            pass
    return (tmp_path / "log.jsonl").read_text().splitlines()


@pytest.mark.parametrize(
    ("number", "change", "says"),
    [
        (1, {"trials": -1}, r"line 1: trials is -1, not an integer >= 1"),
        (2, {"event": "created"}, r"line 2: event is 'created', not one of begin, create"),
        (2, {"event": "begin"}, r"line 2: keras_tuner is missing|line 2: trials is missing"),
        (3, {"trial": 2}, r"line 3: trial 2 is not running"),
        (3, {"outcome": {}}, r"line 3: the outcome says too little or too much"),
        (3, {"outcome": {"val_accuracy": 0.5}}, r"line 3: the outcome says too little or too much"),
        (3, {"outcome": {"val_accuracy": 3}}, r"line 3: outcome.val_accuracy is 3, not"),
        (3, {"outcome": None}, r"line 3: outcome is None, not an object"),
    ],
)
def test_a_damaged_line_is_named(tmp_path, number, change, says):
    lines = lines_of(tmp_path)
    lines[number - 1] = json.dumps(json.loads(lines[number - 1]) | change)
    (tmp_path / "log.jsonl").write_text("\n".join(lines) + "\n")
    refused = pytest.raises(UserError, match=rf"l is damaged \(({says}).*\); restore it, or")
    with refused, opened(tmp_path, "random", trials=3):
        pass


def test_other_proposals_than_those_of_the_log_are_refused(tmp_path):
    lines = lines_of(tmp_path)
    event = json.loads(lines[3])
    other = 1 + event["values"]["k"] % 4
    lines[3] = json.dumps(event | {"values": {"k": other}})
    file = tmp_path / "log.jsonl"
    file.write_text("\n".join(lines) + "\n")
    says = (
        rf"log.jsonl, line 4: keras-tuner [\d.]+ proposes \{{'k': \d\}} where the search has "
        rf"\{{'k': {other}\}}; it was begun by keras-tuner [\d.]+: restore it, or remove it"
    )
    with pytest.raises(UserError, match=says), opened(tmp_path, "random", trials=3):
        pass


def test_an_event_that_cannot_be_written_leaves_the_log_as_it_was(tmp_path, monkeypatch):
    log = EventLog(tmp_path / "log.jsonl")
    log.add({"event": "wait"})
    before = log.file.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ras_keras.tuning.event_log.os.fsync", full)
    with pytest.raises(UserError, match=r"log.jsonl cannot be written \(No space left"):
        log.add({"event": "wait"})
    assert log.file.read_bytes() == before
