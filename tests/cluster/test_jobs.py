"""Jobs one after the other, and the time that they still take."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from ras_keras.cluster import jobs
from ras_keras.cluster.jobs import InProcess, Job, Pace, run_jobs
from ras_keras.cluster.worker import Setting, run_job
from ras_keras.errors import UserError


def job(name, work=1.0):
    return Job(name, partial(str.upper, name), Path(f"{name}.log"), work)


class Two:
    """Runs two at a time; the younger one ends first."""

    slots, shows_output = 2, False

    def __init__(self):
        self.running, self.most = [], 0

    def start(self, job):
        self.running.append(job)
        self.most = max(self.most, len(self.running))

    def wait(self, meanwhile):
        meanwhile()
        job = self.running.pop()
        return job, job.run


@pytest.mark.parametrize(
    ("executor", "order"), [(InProcess(), "ABCD"), (Two(), "BCDA")], ids=["one", "two"]
)
def test_every_job_is_run(executor, order):
    waiting, results = [job(name) for name in "abcd"], []
    run_jobs(
        executor,
        lambda: waiting.pop(0) if waiting else None,
        lambda job, result: results.append(result()),
    )
    assert "".join(results) == order
    assert getattr(executor, "most", executor.slots) == executor.slots


def test_a_job_may_come_of_one_that_ended():
    waiting, ended = [job("a"), job("b")], []

    def end(job, result):
        ended.append(job.name)
        if job.name == "b":
            waiting.append(globals()["job"]("c"))

    silent = []
    meanwhile = partial(silent.append, "")
    run_jobs(Two(), lambda: waiting.pop(0) if waiting else None, end, meanwhile)
    assert ended == ["b", "c", "a"]
    assert len(silent) == 3


def test_an_error_is_raised_where_the_result_is_wanted():
    failing = [Job("a", partial(int, "x"), Path("a.log"))]

    def ended(job, result):
        with pytest.raises(ValueError, match="invalid literal"):
            result()

    run_jobs(InProcess(), lambda: failing.pop() if failing else None, ended)


def test_the_time_left(monkeypatch):
    """Of two at a time: 10 s for a work of 2, so 5 s for the half of b and 20 s for 4 to come."""
    now = [0.0]
    monkeypatch.setattr(jobs.time, "perf_counter", lambda: now[0])
    pace, a, b = Pace(slots=2), job("a", 2.0), job("b", 3.0)
    pace.begin(a)
    pace.begin(b)
    now[0] = 10.0
    pace.end(a)
    assert pace.left(4.0) == "about 12 s"
    now[0] = 30.0
    assert pace.left(0.0) == "about 2 s", "b is overdue, not done"


def test_the_time_left_before_any_has_ended(monkeypatch):
    """Half of a is done in 10 s, so it takes 10 s more; b, of twice the work, takes 40 s."""
    now, shares = [0.0], {"a": 0.0, "b": 0.0}
    monkeypatch.setattr(jobs.time, "perf_counter", lambda: now[0])
    pace = Pace(slots=2)
    for name, work in (("a", 1.0), ("b", 2.0)):
        pace.begin(replace(job(name, work), share=partial(shares.get, name)))
    now[0] = 10.0
    assert pace.left(0.0) == "an unknown time"
    shares["a"] = 0.5
    assert pace.left(0.0) == "about 20 s"
    assert pace.under_way() == "a 50%, b 0%"


def test_what_a_worker_does_around_a_job(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    printing = Job("a", partial(print, "said"), Path("new/a.log"))
    for _ in range(2):
        assert run_job(printing, Setting(tmp_path / "there", None)) is None
    assert (tmp_path / "there/new/a.log").read_text() == "said\nsaid\n"
    assert capsys.readouterr().out == ""
    with pytest.raises(UserError, match=r"nowhere cannot be used .*share the folders of the runs"):
        run_job(printing, Setting(tmp_path / "nowhere", None))
