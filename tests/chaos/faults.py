"""Faults that are no kill: a full disk, a lost folder, a stall, a standstill, a host that dies."""

import os
import shutil
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import psutil

from tests.chaos.killing import LONGEST, Command, Failed, checked

# Seconds in which the others end once one process has died.
MINUTE = 60
REFUSED = 2
STALL_SECONDS = 10
READER = Path(__file__).with_name("stalled_reader.c")


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


def stallable(command: Command, folder: Path) -> Command:
    """A command whose reads `stalled_reader` can hold up.

    Raises:
        Failed: if there is no C compiler.
    """
    if (compiler := shutil.which("cc")) is None:
        raise Failed("no C compiler, which the stalled reader needs, is installed")
    folder.mkdir(parents=True, exist_ok=True)
    library = folder.with_name(f"{folder.name}-stalled_reader.so")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, READER, "-ldl"], check=True)
    own = (("LD_PRELOAD", str(library)), ("STALL", str(_stall(folder))))
    return replace(command, environment=(*command.environment, *own))


def stalled_reader(process: subprocess.Popen, folder: Path) -> None:
    """The next read takes a while, and all behind it, as from a server that does not answer."""
    stall = _stall(folder)
    met, began = stall.with_name(f"{stall.name}.met"), time.monotonic()
    stall.touch()
    while not met.exists():
        if process.poll() is not None:
            raise Failed("nothing was read behind the start of the fault")
        if time.monotonic() - began > LONGEST:
            raise subprocess.TimeoutExpired(process.args, LONGEST)
        time.sleep(0.1)
    time.sleep(STALL_SECONDS)
    stall.unlink()
    output, _ = process.communicate(timeout=LONGEST)
    checked(process, output)


def _stall(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}-stall")


def standstill(process: subprocess.Popen, folder: Path) -> None:
    """All of it stands still for a while, as a laptop that sleeps, and goes on."""
    os.killpg(process.pid, signal.SIGSTOP)
    time.sleep(STALL_SECONDS)
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
