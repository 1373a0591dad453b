import csv
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ras_keras.commands import run
from tests.conftest import ROOT
from tests.training import killed_run

pytestmark = pytest.mark.slow

PROGRAM = Path(killed_run.__file__)
TIMES = {"seconds", "images_per_second"}


def rows(folder):
    with (folder / "metrics.csv").open() as stream:
        return [
            {name: value for name, value in row.items() if name not in TIMES}
            for row in csv.DictReader(stream)
        ]


def last_state(folder):
    with np.load(max((folder / "state").glob("epoch-*.npz"))) as arrays:
        return {name: arrays[name] for name in arrays.files if name != "progress"}


def outcome(folder):
    result = json.loads((folder / "result.json").read_text())
    return result["final"], result["best"]


@pytest.fixture(scope="module")
def straight(few_digits_in_module, tmp_path_factory):
    """An uninterrupted run."""
    folder = tmp_path_factory.mktemp("logs")
    killed_run.main(folder, "straight", "never")
    return folder / "straight"


def test_killed_three_times_and_resumed_is_bit_identical(straight, run_python, capsys):
    folder = straight.parent
    for moment in ("step", "best", "state"):
        done = run_python(PROGRAM, folder, "killed", moment, PYTHONPATH=str(ROOT))
        assert done.returncode == -signal.SIGKILL, done.stderr
    capsys.readouterr()
    killed_run.main(folder, "killed", "never")
    output = capsys.readouterr().out
    assert "is damaged" in output
    assert "going back to the state before it" in output
    killed = folder / "killed"
    assert rows(killed) == rows(straight)
    assert len(rows(killed)) == 5
    expected, found = last_state(straight), last_state(killed)
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value)
    assert outcome(killed) == outcome(straight)


def stopped(folder, epochs, stop, *flags):
    """Starts a training, sends `stop` once `epochs` epochs are recorded; exit code and stderr."""
    process = subprocess.Popen(
        [sys.executable, "scripts/train.py", *map(str, flags)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 200
    while not (folder / "metrics.csv").exists() or len(rows(folder)) < epochs:
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.2)
    process.send_signal(stop)
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors


def test_signals_stop_between_steps_and_say_how_to_go_on(tmp_path):
    folder = tmp_path / "run"
    flags = ["--recipe", "quick", "--depth", "11", "--attention", "none"]
    flags += ["--log-dir", tmp_path, "--name", "run"]
    again = ["--resume", folder]
    for epochs, stop, call in ((1, signal.SIGTERM, flags), (2, signal.SIGINT, again)):
        code, errors = stopped(folder, epochs, stop, *call)
        assert code == 130
        assert f"stopped by {stop.name}; go on" in errors
        assert f"by: python scripts/train.py --resume {folder}" in errors
        assert "Traceback" not in errors
        assert len(rows(folder)) == epochs
        assert not (folder / "result.json").exists()


def test_a_finished_run_can_be_lengthened(straight, tmp_path, capsys):
    folder = shutil.copytree(straight, tmp_path / "run")

    def resume(*flags):
        code = run("train", ["--resume", str(folder), *flags], "train")
        return code, capsys.readouterr().err

    for flags, message in (
        ([], "has finished its 5 epochs; --epochs N lengthens it."),
        (["--epochs", "4"], "--epochs 4 contradicts the run's 5; only --epochs may be raised"),
        (["--epochs", "6", "--k", "3"], "--k 3 contradicts the run's default"),
        (["--recipe", "paper"], "--recipe paper contradicts the run's quick"),
    ):
        code, errors = resume(*flags)
        assert code == 2
        assert message in errors
    before = rows(folder)
    assert resume("--epochs", "5")[0] == 0
    assert rows(folder) == before
    assert resume("--epochs", "6")[0] == 0
    assert rows(folder)[:5] == before
    assert len(rows(folder)) == 6
    assert json.loads((folder / "result.json").read_text())["epochs"] == 6
