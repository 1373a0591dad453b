"""Faults at random moments, counted; each outcome is compared with that of an undisturbed command.

    python -m tests.chaos [--kills SHARE] [--data-dir FOLDER] [--output FILE] [NAME ...]

--kills 0.1 makes a tenth of the 100 kills. The last line says how many outcomes were equal.
"""

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from ras_keras.benchmark.made_photographs import make_photographs
from tests.chaos import faults
from tests.chaos.compare import differences
from tests.chaos.killing import Failed, kill_until_done
from tests.chaos.scenarios import TOGETHER, TRAINING, scenarios, streamed

ROUNDS = 3
# Seconds behind the start, in which a training has begun.
MOMENTS = (14, 20)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="of what is disturbed; none is all")
    parser.add_argument("--kills", type=float, default=1.0, help="share of the 100 kills")
    parser.add_argument("--data-dir", help="of prepared data sets, for the table")
    parser.add_argument("--output", help="CSV file of the counts")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as place:
        photographs = Path(place, "photographs")
        photographs.mkdir()
        make_photographs(photographs, 400, (40, 80))
        rows = []
        for name, disturb in _all(photographs, options):
            if options.names and name not in options.names:
                continue
            # What is preloaded must have no space in its path.
            rows.append(disturb(name, Path(place, name.replace(" ", "-")), rng))
            found = pd.DataFrame(rows)
            if options.output:
                found.to_csv(options.output, index=False)
    print(found.to_markdown(index=False))
    wrong = int((found["commands"] - found["equal"]).sum())
    print(f"{found['equal'].sum()} of {found['commands'].sum()} outcomes equal the undisturbed one")
    return 1 if wrong else 0


def _all(photographs: Path, options) -> Iterator[tuple[str, Callable]]:
    """What is disturbed, by name, and the function that does it."""
    for name, scenario in scenarios(photographs, options.data_dir).items():
        yield name, partial(_killed, scenario, max(1, round(options.kills * scenario.kills)))
    stream = streamed(photographs)
    for name, fault, command in (
        ("full disk", faults.full_disk, TRAINING),
        ("run folder gone", faults.lost_folder, TRAINING),
        (
            "stalled reader",
            faults.stalled_reader,
            lambda folder: faults.stallable(stream(folder), folder),
        ),
        ("standstill of 10 s", faults.standstill, TRAINING),
        ("dead host of two", faults.dead_host, TOGETHER),
    ):
        yield name, partial(_disturbed, fault, command)


def _killed(scenario, kills, name, folder, rng) -> dict:
    """Runs a scenario undisturbed, then killed until its kills are spent."""
    began = time.monotonic()
    commands = equal = done = 0
    with _told(name):
        scenario.command(folder / "undisturbed").finish()
        while done < kills:
            here = folder / str(commands)
            commands += 1
            done += kill_until_done(
                lambda _, here=here: scenario.command(here), kills - done, scenario.moments, rng
            )
            equal += _is_equal(name, folder / "undisturbed", here)
            print(f"{name}: {done} of {kills} kills, {equal} of {commands} equal", flush=True)
    return _row(name, done, max(commands, 1), equal, began)


def _disturbed(fault, command, name, folder, rng) -> dict:
    """Runs a training undisturbed, then with a fault a few times, each gone on with to its end."""
    began = time.monotonic()
    equal = 0
    with _told(name):
        command(folder / "undisturbed").finish()
        for number in range(ROUNDS):
            here = folder / str(number)
            with _told(name):
                faults.disturb(command(here), here, fault, rng.uniform(*MOMENTS))
                if not (here / "run" / "result.json").exists():
                    command(here).finish()
                equal += _is_equal(name, folder / "undisturbed", here)
        print(f"{name}: {equal} of {ROUNDS} equal", flush=True)
    return _row(name, ROUNDS, ROUNDS, equal, began)


@contextlib.contextmanager
def _told(name: str) -> Iterator[None]:
    """Prints what fails, so that the others are counted all the same."""
    try:
        yield
    except (Failed, subprocess.SubprocessError, OSError, ValueError) as error:
        print(f"{name}: {error}", file=sys.stderr, flush=True)


def _is_equal(name, expected, found) -> bool:
    problems = differences(expected, found)
    if problems:
        print(f"{name}: {'; '.join(problems)}", file=sys.stderr)
    return not problems


def _row(name, count, commands, equal, began) -> dict:
    seconds = round(time.monotonic() - began)
    return {
        "what": name,
        "faults": count,
        "commands": commands,
        "equal": equal,
        "seconds": seconds,
    }


if __name__ == "__main__":
    sys.exit(main())
