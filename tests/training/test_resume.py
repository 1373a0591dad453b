import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT

PROGRAM = Path(__file__).with_name("killed_run.py")
TIMES = {"seconds", "images_per_second"}


def rows(run):
    with (run / "metrics.csv").open() as stream:
        return [
            {name: value for name, value in row.items() if name not in TIMES}
            for row in csv.DictReader(stream)
        ]


def last_state(run):
    with np.load(max((run / "state").glob("epoch-*.npz"))) as arrays:
        return {name: arrays[name] for name in arrays.files if name != "progress"}


def outcome(run):
    result = json.loads((run / "result.json").read_text())
    return result["final"], result["best"]


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """An uninterrupted run."""
    folder = tmp_path_factory.mktemp("logs")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, PROGRAM, folder, "straight", "never"],
        env=environment,
        check=True,
        capture_output=True,
    )
    return folder / "straight"


def test_killed_three_times_and_resumed_is_bit_identical(straight, run_python):
    folder = straight.parent
    for moment in ("step", "best", "state"):
        done = run_python(PROGRAM, folder, "killed", moment, PYTHONPATH=str(ROOT))
        assert done.returncode == -signal.SIGKILL, done.stderr
    done = run_python(PROGRAM, folder, "killed", "never", PYTHONPATH=str(ROOT))
    assert done.returncode == 0, done.stderr
    assert "is damaged" in done.stdout
    assert "going back to the state before it" in done.stdout
    killed = folder / "killed"
    assert rows(killed) == rows(straight)
    assert len(rows(killed)) == 5
    expected, found = last_state(straight), last_state(killed)
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value)
    assert outcome(killed) == outcome(straight)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_between_steps_and_says_how_to_go_on(stop, tmp_path, run_python):
    flags = ["--recipe", "quick", "--depth", "11", "--epochs", "2", "--batch-size", "16"]
    flags += ["--log-dir", tmp_path, "--name", "run"]
    process = subprocess.Popen(
        [sys.executable, "scripts/train.py", *flags],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    run = tmp_path / "run"
    deadline = time.monotonic() + 200
    while not (run / "metrics.csv").exists():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.2)
    process.send_signal(stop)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"stopped by {stop.name}; go on" in errors
    assert f"by: python scripts/train.py --resume {run}" in errors
    assert "Traceback" not in errors
    assert not (run / "result.json").exists()
    assert len(rows(run)) == 1
    done = run_python("scripts/train.py", "--resume", run)
    assert done.returncode == 0, done.stderr
    assert len(rows(run)) == 2


def test_a_finished_run_can_be_lengthened(straight, tmp_path, run_python):
    straight = shutil.copytree(straight, tmp_path / "run")
    resume = ["scripts/train.py", "--resume", straight]
    again = run_python(*resume)
    assert again.returncode == 2
    assert "has finished its 5 epochs; --epochs N lengthens it." in again.stderr
    fewer = run_python(*resume, "--epochs", "4")
    assert fewer.returncode == 2
    assert "--epochs 4 contradicts the run's 5; only --epochs may be raised" in fewer.stderr
    other = run_python(*resume, "--epochs", "6", "--k", "3")
    assert other.returncode == 2
    assert "--k 3 contradicts the run's 2" in other.stderr
    before = rows(straight)
    longer = run_python(*resume, "--epochs", "6")
    assert longer.returncode == 0, longer.stderr
    assert rows(straight)[:5] == before
    assert len(rows(straight)) == 6
    assert json.loads((straight / "result.json").read_text())["epochs"] == 6
