"""Start several processes of one training on this machine, such as one for each of its GPUs.

    KERAS_BACKEND=jax python scripts/launch.py --processes 2 -- scripts/train.py --dataset cifar10

Each process gets the variables KERAS_DISTRIBUTION_* and the GPU of its number. What the first one
prints is shown; when one fails, all are ended, and the launcher says which it was.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

# Seconds in which the others may end by themselves, and say why, once one has failed.
GRACE = 3


class Parser(argparse.ArgumentParser):
    """Refuses flags in one line, as the other commands do."""

    def error(self, message: str) -> NoReturn:
        print(f"error: {message}", file=sys.stderr)
        sys.exit(2)


def main() -> int:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, required=True, help="how many, from 2 on")
    parser.add_argument("program", help="behind --, such as scripts/train.py")
    parser.add_argument("flags", nargs="*", help="of the program")
    options = parser.parse_args()
    if options.processes < 2:
        parser.error(f"--processes must be 2 or more. Received: {options.processes}")
    if not Path(options.program).is_file():
        parser.error(f"{options.program} is no program; name one such as scripts/train.py.")
    with tempfile.TemporaryDirectory() as folder:
        processes = _start([options.program, *options.flags], options.processes, Path(folder))
        signal.signal(signal.SIGTERM, lambda number, frame: _send(processes, number))
        # A terminal sends Ctrl-C to all of them, and a second one would stop them within a step.
        signal.signal(signal.SIGINT, lambda number, frame: None)
        try:
            failed = _first_to_fail(processes)
        finally:
            for process in processes:
                process.kill()
                process.wait()
        if failed is None:
            return 0
        code = processes[failed].returncode
        # One that has ended by itself has said why.
        if processes[0].returncode <= 0:
            said = _errors(Path(folder), failed)
            print(said or _ended(failed, len(processes), code), file=sys.stderr)
        return code if code > 0 else 128 - code


def _start(command: Sequence[str], count: int, folder: Path) -> list[subprocess.Popen]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listening.getsockname()[1]}"
    processes = []
    for index in range(count):
        variables = {
            "KERAS_DISTRIBUTION_JOB_ADDRESSES": address,
            "KERAS_DISTRIBUTION_NUM_PROCESSES": str(count),
            "KERAS_DISTRIBUTION_PROCESS_ID": str(index),
            "JAX_LOCAL_DEVICE_IDS": str(index),
        }
        with _file(folder, index).open("wb") as errors:
            hidden = {"stdout": subprocess.DEVNULL, "stderr": errors} if index else {}
            process = subprocess.Popen(
                [sys.executable, *command], env={**os.environ, **variables}, **hidden
            )
        processes.append(process)
    return processes


def _first_to_fail(processes: Sequence[subprocess.Popen]) -> int | None:
    """Waits for all; the number of the first one that ended in an error, None if none did."""
    failed, since = None, 0.0
    while any(process.poll() is None for process in processes):
        time.sleep(0.1)
        if failed is None:
            failed = next((n for n, each in enumerate(processes) if each.poll()), None)
            since = time.monotonic()
        elif time.monotonic() - since > GRACE:
            break
    return (
        failed
        if failed is not None
        else next((n for n, each in enumerate(processes) if each.returncode), None)
    )


def _send(processes: Sequence[subprocess.Popen], number: int) -> None:
    for process in processes:
        process.send_signal(number)


def _file(folder: Path, index: int) -> Path:
    return folder / f"{index}.txt"


def _errors(folder: Path, index: int) -> str:
    return _file(folder, index).read_text(encoding="utf-8", errors="replace").strip()


def _ended(index: int, count: int, code: int) -> str:
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    return (
        f"error: process {index} of {count} {how}, and so were the others; a run that has begun "
        "goes on by --resume."
    )


if __name__ == "__main__":
    sys.exit(main())
