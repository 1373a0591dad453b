"""A search whose trials are only pretended: what becomes of their results and errors."""

import csv

import pytest

from ras_keras.cluster.jobs import WorkersDied
from ras_keras.errors import Argument, UserError
from ras_keras.training import RECIPES
from ras_keras.tuning import running, trial
from ras_keras.tuning.make_space import make_space
from ras_keras.tuning.running import run_search
from ras_keras.tuning.search import Search
from ras_keras.tuning.trial import Trial, share_done, train_trial


class Pretended:
    """Two workers; what jobs return or raise is known before, by the number of the trial."""

    slots, shows_output = 2, False

    def __init__(self, results):
        self.results, self.jobs, self.begun = results, [], []

    def start(self, job):
        self.jobs.append(job)
        self.begun.append(job.name)

    def wait(self, meanwhile):
        job = self.jobs.pop(0)
        found = self.results[int(job.name.split()[1].strip(":"))]
        return job, lambda: self.returned(found)

    def returned(self, found):
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def search(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "plot_search", lambda *arguments: None)
    space = make_space(RECIPES["quick"], ("k",), ())
    return Search(space, "grid", None, tmp_path / "search")


def statuses(search):
    with search.file("trials.csv").open() as stream:
        return [row["status"] for row in csv.DictReader(stream)]


def test_deaths_are_failures_and_an_error_ends_the_search(search, capsys):
    good = {"val_accuracy": 0.9, "seconds": 2.0}
    better = {"val_accuracy": 0.95, "seconds": 2.0}
    died = WorkersDied("trial 1: k=1 killed its worker 3 times")
    wrong = UserError(Argument("batch_size", 5000), " is too large.")
    first = Pretended({1: died, 2: good, 3: wrong})
    with pytest.raises(UserError) as refused:
        run_search(search, first)
    assert refused.value is wrong
    assert first.begun == ["trial 1: k=1", "trial 2: k=2", "trial 3: k=3", "trial 4: k=4"]
    output = capsys.readouterr().out
    assert "trial 1 of 4: failed: trial 1: k=1 killed its worker 3 times" in output
    assert "trial 2 of 4: held-out accuracy 90.00 %" in output
    assert "2 of 4 done" in output
    assert statuses(search) == ["failed", "completed", "running"]

    second = Pretended({3: better, 4: {"failed": "loss became nan"}})
    outcome = run_search(search, second)
    assert second.begun == ["trial 3: k=3", "trial 4: k=4"]
    assert outcome.row["trial"] == 3
    assert statuses(search) == ["failed", "completed", "completed", "failed"]
    assert "about 0 s left for the search" in capsys.readouterr().out.splitlines()[-1]
    assert run_search(search, Pretended({})).row == outcome.row


def test_no_trial_came_to_its_end(search):
    with pytest.raises(UserError, match="all 4 diverged"):
        run_search(
            search, Pretended({number: {"failed": "loss became nan"} for number in (1, 2, 3, 4)})
        )


def test_a_trial_that_is_too_large_for_the_memory_has_failed(tmp_path, monkeypatch):
    """Else the same command would meet it again first, for ever."""

    def full(*arguments, **options):
        raise MemoryError("no room")

    monkeypatch.setattr(trial, "train_here", full)
    assert train_trial(RECIPES["quick"], tmp_path / "trial", 1) == {"failed": "no room"}


def test_an_error_of_ours_is_no_failure(tmp_path, monkeypatch):
    def wrong(*arguments, **options):
        raise RuntimeError("a bug")

    monkeypatch.setattr(trial, "train_here", wrong)
    with pytest.raises(RuntimeError, match="a bug"):
        train_trial(RECIPES["quick"], tmp_path / "trial", 1)


@pytest.mark.parametrize("seeds", [1, 2])
def test_how_far_a_trial_is(tmp_path, seeds):
    """Of an epoch of its own, the third, of the second seed the first is still to come."""
    begun = Trial(1, {"k": 1}, 3, epochs_before=1)
    assert share_done(tmp_path, seeds, begun) == 0
    run = tmp_path / "seed0" if seeds == 2 else tmp_path
    run.mkdir(exist_ok=True)
    (run / "metrics.csv").write_text("epoch,loss\n1,2.0\n2,1.0\n")
    assert share_done(tmp_path, seeds, begun) == 0.5 / seeds
