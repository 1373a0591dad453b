"""Jobs, whoever runs them, and how long they still take."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ras_keras.errors import UserError
from ras_keras.text.numbers import duration

# Of the time that a job has run, when it should have ended.
OVERDUE = 0.1


@dataclass(frozen=True)
class Job:
    """Something to do that may be done again from the beginning, such as a run that resumes.

    Attributes:
        name: of its process.
        run: does it; a function of a module with arguments that can be pickled, as its result.
        log: file of what a worker prints in it.
        work: how much it is, in any unit that all jobs have in common.
        share: how much of it is done, from 0 to 1, also by a worker elsewhere.
    """

    name: str
    run: Callable[[], Any]
    log: Path
    work: float = 1.0
    share: Callable[[], float] = float


class WorkersDied(UserError):
    """A job killed every worker that it was given to."""


class Executor(Protocol):
    """Runs jobs.

    Attributes:
        slots: how many at a time.
        shows_output: whether what jobs print appears here.
    """

    slots: int
    shows_output: bool

    def start(self, job: Job) -> None:
        """Begins a job; of these there are never more than `slots`."""

    def wait(self, meanwhile: Callable[[], object] = bool) -> tuple[Job, Callable[[], Any]]:
        """A job that has ended, and what returns its result or raises its error.

        Args:
            meanwhile: called now and then until one has ended.
        """


class InProcess:
    """Runs jobs one after the other in this process."""

    slots = 1
    shows_output = True

    def start(self, job: Job) -> None:
        self._job = job

    def wait(self, meanwhile: Callable[[], object] = bool) -> tuple[Job, Callable[[], Any]]:
        return self._job, self._job.run


def run_jobs(
    executor: Executor,
    next_job: Callable[[], Job | None],
    ended: Callable[[Job, Callable[[], Any]], None],
    meanwhile: Callable[[], object] = bool,
) -> None:
    """Runs jobs until there are no more.

    Args:
        executor: that runs them.
        next_job: called where one more could run; returns None as long as there is none, until a
            job that runs has ended.
        ended: called with a job and what returns its result or raises its error.
        meanwhile: called now and then while none ends.
    """
    running = 0
    while True:
        while running < executor.slots and (job := next_job()) is not None:
            executor.start(job)
            running += 1
        if not running:
            return
        job, result = executor.wait(meanwhile)
        running -= 1
        ended(job, result)


class Pace:
    """How long jobs still take, from what is done of them.

    Args:
        slots: jobs that run at a time.
    """

    def __init__(self, slots: int):
        self.slots = slots
        self.begun: dict[str, tuple[float, Job]] = {}
        self.seconds = self.work = 0.0

    def begin(self, job: Job) -> None:
        self.begun[job.name] = time.perf_counter(), job

    def end(self, job: Job) -> None:
        began, _ = self.begun.pop(job.name)
        self.seconds += time.perf_counter() - began
        self.work += job.work

    def left(self, work: float) -> str:
        """The time until jobs are done, those that run included, in words.

        Args:
            work: of the jobs that have not begun.
        """
        now = time.perf_counter()
        under_way = [(now - began, job.work, job.share()) for began, job in self.begun.values()]
        done = self.work + sum(each * share for _, each, share in under_way)
        if not done:
            return "an unknown time"
        pace = (self.seconds + sum(seconds for seconds, _, share in under_way if share)) / done
        # One that takes longer than the others did ends at some time too.
        running = sum(
            max(each * pace * (1 - share) - (0 if share else seconds), seconds * OVERDUE)
            for seconds, each, share in under_way
        )
        return "about " + duration((running + work * pace) / self.slots)

    def under_way(self) -> str:
        """The jobs that run and how much of each is done, such as "trial 2: k=2 40 %"."""
        return ", ".join(f"{name} {job.share():.0%}" for name, (_, job) in self.begun.items())
