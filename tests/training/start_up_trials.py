"""Ends runs while they start, at moments spread over their first seconds, and says what is left.

    python start_up_trials.py kill 16 10
    python start_up_trials.py interrupt 25 15

kill: SIGKILL within so many seconds of the making of the run folder; then the same command and
`--resume` in turn, the one that comes first by turns. Recovered is what ends with a result.
interrupt: SIGINT, and every fourth time SIGTERM, within so many seconds of the start. Right is exit
code 130, no traceback and no folder without a state.
"""

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
FLAGS = ["--recipe", "quick", "--depth", "11", "--batch-size", "64", "--training-images", "64"]


def start(*flags) -> subprocess.Popen:
    command = [sys.executable, "scripts/train.py", *map(str, flags)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)


def kill(run: Path, number: int, after: float) -> bool:
    """Whether a run that was killed came to its end."""
    new = [*FLAGS, "--epochs", "2", "--log-dir", run.parent, "--name", run.name]
    process = start(*new)
    while not run.exists() and process.poll() is None:
        time.sleep(0.002)
    time.sleep(after)
    process.kill()
    process.communicate()
    ways = [new, ["--resume", run]]
    for way in ways if number % 2 else reversed(ways):
        again = start(*way)
        _, error = again.communicate()
        if again.returncode == 0 and (run / "result.json").is_file():
            return True
        print(error.strip())
    return False


def interrupt(run: Path, number: int, after: float) -> bool:
    """Whether a run that was interrupted ended as it should."""
    process = start(*FLAGS, "--epochs", "1000", "--log-dir", run.parent, "--name", run.name)
    time.sleep(after)
    process.send_signal(signal.SIGTERM if number % 4 == 3 else signal.SIGINT)
    try:
        _, error = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        return False
    left = run.exists() and not (run / "state").exists()
    return process.returncode == 130 and "Traceback" not in error and not left


def main(what: str, count: str, seconds: str) -> None:
    trial = {"kill": kill, "interrupt": interrupt}[what]
    right = 0
    with tempfile.TemporaryDirectory() as logs:
        for number in range(int(count)):
            after = 0.2 + (float(seconds) - 0.2) * number / max(1, int(count) - 1)
            fine = trial(Path(logs, f"run{number}"), number, after)
            right += fine
            print(f"{what} after {after:.1f} s: {'right' if fine else 'WRONG'}", flush=True)
    print(f"{right} of {count} right")


if __name__ == "__main__":
    main(*sys.argv[1:])
