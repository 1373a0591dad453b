"""Faults at random moments, counted; each outcome is compared with that of an undisturbed command.

    python -m tests.chaos [--kills SHARE] [--data-dir FOLDER] [--output FILE] [NAME ...]

--kills 0.1 makes a tenth of the 100 kills. The last line says how many outcomes were equal.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from ras_keras.benchmark.made_photographs import make_photographs
from tests.chaos import faults
from tests.chaos.compare import differences
from tests.chaos.killing import Failed, kill_until_done
from tests.chaos.scenarios import TOGETHER, TRAINING, scenarios

FAULTS = {
    "full disk": (faults.full_disk, TRAINING),
    "run folder gone": (faults.lost_folder, TRAINING),
    "standstill of 10 s": (faults.standstill, TRAINING),
    "dead host of two": (faults.dead_host, TOGETHER),
}
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
        for name, scenario in scenarios(photographs, options.data_dir).items():
            if not options.names or name in options.names:
                kills = max(1, round(options.kills * scenario.kills))
                rows.append(_killed(name, scenario, kills, Path(place, name), rng))
        for name, (fault, command) in FAULTS.items():
            if not options.names or name in options.names:
                rows.append(_disturbed(name, fault, command, Path(place, name), rng))
    found = pd.DataFrame(rows)
    print(found.to_markdown(index=False))
    if options.output:
        found.to_csv(options.output, index=False)
    wrong = int((found["commands"] - found["equal"]).sum())
    print(f"{found['equal'].sum()} of {found['commands'].sum()} outcomes equal the undisturbed one")
    return 1 if wrong else 0


def _killed(name, scenario, kills, folder, rng) -> dict:
    """Runs a scenario undisturbed, then killed until its kills are spent."""
    began = time.monotonic()
    scenario.command(folder / "undisturbed").finish()
    commands = equal = done = 0
    while done < kills:
        here = folder / str(commands)
        commands += 1
        try:
            done += kill_until_done(
                lambda _, here=here: scenario.command(here), kills - done, scenario.moments, rng
            )
            equal += _is_equal(name, folder / "undisturbed", here)
        except Failed as error:
            print(f"{name}: {error}", file=sys.stderr)
            break
        print(f"{name}: {done} of {kills} kills, {equal} of {commands} equal", flush=True)
    return _row(name, done, commands, equal, began)


def _disturbed(name, fault, command, folder, rng) -> dict:
    """Runs a training undisturbed, then with a fault a few times, each gone on with to its end."""
    began = time.monotonic()
    command(folder / "undisturbed").finish()
    equal = 0
    for number in range(ROUNDS):
        here = folder / str(number)
        try:
            faults.disturb(command(here), here, fault, rng.uniform(*MOMENTS))
            if not (here / "run" / "result.json").exists():
                command(here).finish()
            equal += _is_equal(name, folder / "undisturbed", here)
        except Failed as error:
            print(f"{name}: {error}", file=sys.stderr)
    return _row(name, ROUNDS, ROUNDS, equal, began)


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
