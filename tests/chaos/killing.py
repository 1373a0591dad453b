"""Commands that are killed at random moments and given again until they end."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
LONGEST = 1800


class Failed(Exception):
    """A command ended as it should not."""


@dataclass(frozen=True)
class Command:
    """A command of the project.

    Attributes:
        arguments: of Python.
        environment: added to this process's.
    """

    arguments: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()

    def start(self, **options) -> subprocess.Popen:
        """Starts it in a group of processes of its own."""
        return subprocess.Popen(
            [sys.executable, *self.arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **dict(self.environment)},
            text=True,
            start_new_session=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} | options,
        )

    def finish(self, code: int = 0) -> str:
        """Runs it to its end and returns what it printed.

        Raises:
            Failed: if it ends with another code.
        """
        process = self.start()
        output, _ = process.communicate(timeout=LONGEST)
        return checked(process, output, code)


def checked(process: subprocess.Popen, output: str, code: int = 0) -> str:
    """What a process that has ended printed.

    Raises:
        Failed: if its exit code is another, or it printed a traceback.
    """
    if process.returncode != code or "Traceback" in output:
        raise Failed(f"exit code {process.returncode}:\n{output[-3000:]}")
    return output


def kill(process: subprocess.Popen) -> None:
    """Kills a process and all that it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def kill_until_done(
    command: Callable[[int], Command],
    kills: int,
    moments: Sequence[float],
    rng: np.random.Generator,
    victim: Callable[[subprocess.Popen], None] = kill,
) -> int:
    """Gives a command again and again, killed at random moments, until it ends.

    Args:
        command: the one to give after so many kills.
        kills: at most; it is then left alone.
        moments: the earliest and the latest moment of a kill, in seconds behind the start.
        rng: of the moments.
        victim: kills, and waits if what is killed ends the command.

    Returns:
        How often it was killed.

    Raises:
        Failed: if it ends otherwise than it should.
    """
    killed = 0
    while True:
        process = command(killed).start()
        wait = rng.uniform(*moments) if killed < kills else LONGEST
        try:
            output, _ = process.communicate(timeout=wait)
        except subprocess.TimeoutExpired:
            victim(process)
            killed += 1
            continue
        checked(process, output)
        return killed
