"""Faults that are no kill: a full disk, a folder that is gone, a standstill, a host that dies."""

import os
import signal
import subprocess
import time
from pathlib import Path

import psutil

from tests.chaos.killing import LONGEST, Command, Failed, checked

# Seconds in which the others end once one process has died.
MINUTE = 60
REFUSED = 2


def full_disk(process: subprocess.Popen, folder: Path) -> None:
    """No file can grow any more; the command ends with a line, the code 2."""
    psutil.Process(process.pid).rlimit(psutil.RLIMIT_FSIZE, (1, 1))
    _ends_in_a_line(process, REFUSED)


def lost_folder(process: subprocess.Popen, folder: Path) -> None:
    """The run folder is gone, and comes back once the command has ended."""
    run, away = folder / "run", folder.with_name(f"{folder.name}-away")
    run.rename(away)
    try:
        _ends_in_a_line(process, REFUSED)
    finally:
        if run.exists():
            run.rename(folder / "left")
        away.rename(run)


def standstill(process: subprocess.Popen, folder: Path) -> None:
    """All of it stands still for a while, as behind a disk that does not answer, and goes on."""
    os.killpg(process.pid, signal.SIGSTOP)
    time.sleep(10)
    os.killpg(process.pid, signal.SIGCONT)
    output, _ = process.communicate(timeout=LONGEST)
    checked(process, output)


def dead_host(process: subprocess.Popen, folder: Path) -> None:
    """The second of two processes is killed; the rest ends within a minute, with a line."""
    _, second = psutil.Process(process.pid).children()
    second.kill()
    _ends_in_a_line(process, None, within=MINUTE)


def _ends_in_a_line(process, code: int | None, within: float = LONGEST) -> None:
    output, _ = process.communicate(timeout=within)
    if code is None:
        code = process.returncode or REFUSED
    checked(process, output, code)
    if "error: " not in output.strip().splitlines()[-1]:
        raise Failed(f"the last line names no error:\n{output[-1000:]}")


def disturb(command: Command, folder: Path, fault, wait: float) -> None:
    """Starts a command and has a fault happen to it.

    Raises:
        Failed: if the command ends before, or otherwise than it should.
    """
    process = command.start()
    try:
        output, _ = process.communicate(timeout=wait)
    except subprocess.TimeoutExpired:
        try:
            fault(process, folder)
        except subprocess.TimeoutExpired as error:
            os.killpg(process.pid, signal.SIGKILL)
            raise Failed(f"the command had not ended after {error.timeout:.0f} s") from error
        return
    checked(process, output)
    raise Failed("the command ended before the fault")
