"""Several processes that train one run on JAX do what one does, also when one of them is killed."""

import csv
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

import ras_keras  # noqa: F401  # what a saved model holds
from tests.conftest import ROOT
from tests.once import made_once
from tests.training import several_processes

pytestmark = pytest.mark.slow

pytest.importorskip("jax")

PROGRAM = Path(several_processes.__file__)
FIGURES = ("loss", "accuracy", "val_loss", "val_accuracy")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Of the runs; in it one of two processes, "two", and what it printed."""

    def make(folder):
        (folder / "said").write_text(trained(folder, "two", 2))

    return made_once(tmp_path_factory, "processes", make)


def environment(folder, **variables):
    own = {
        "KERAS_BACKEND": "jax",
        "PYTHONPATH": str(ROOT),
        # Without optimization sums are added up one by one, and rounding grows.
        "XLA_FLAGS": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    return {**os.environ, **own, **variables}


def trained(folder, name, processes):
    """The run of the program, begun or gone on with."""
    launcher = ["scripts/launch.py", "--processes", str(processes), "--"] if processes > 1 else []
    done = subprocess.run(
        [sys.executable, *launcher, str(PROGRAM), str(folder), name],
        cwd=ROOT,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def figures(folder):
    with (folder / "metrics.csv").open() as stream:
        return [[float(row[name]) for name in FIGURES] for row in csv.DictReader(stream)]


def state(folder):
    with np.load(folder / "state" / "epoch-0004.npz") as arrays:
        return [arrays[f"variable{i}"] for i in range(len(arrays.files) - 1)]


def assert_close(folder, reference):
    """Losses and weights are those of another number of processes, but for rounding.

    To 1e-5, of a variance above 1 to that part of it.
    """
    np.testing.assert_allclose(figures(folder), figures(reference), rtol=1e-6)
    model = keras.saving.load_model(reference / "final.keras")
    pairs = zip(model.variables, state(folder), state(reference), strict=False)
    for variable, found, expected in pairs:
        size = np.maximum(1, expected) if variable.name == "moving_variance" else 1
        difference = np.abs(found - expected) / size
        assert difference.max() <= 1e-5, variable.path


def test_the_number_of_processes_changes_nothing(folder):
    trained(folder, "one", 1)
    trained(folder, "four", 4)
    said = (folder / "said").read_text()
    assert "1 host, 2 processes, 2 devices; of each batch of 64 images 32 a process" in said
    for run in (folder / "two", folder / "four"):
        assert_close(run, folder / "one")
        written = {file.name for file in run.iterdir()}
        assert written == {file.name for file in (folder / "one").iterdir()}
        # The first process alone writes events.
        assert len([*run.glob("train/*.v2")]) == 1


def killed(folder):
    """Two processes, of which the second is killed in the third epoch; the first one's last words.

    They are started without the launcher, as on two hosts.
    """
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listening.getsockname()[1]}"
    variables = {
        "KERAS_DISTRIBUTION_JOB_ADDRESSES": address,
        "KERAS_DISTRIBUTION_NUM_PROCESSES": "2",
    }
    processes = [
        subprocess.Popen(
            [sys.executable, str(PROGRAM), str(folder), "killed", "wait"],
            cwd=ROOT,
            env=environment(folder, **variables, KERAS_DISTRIBUTION_PROCESS_ID=str(index)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for index in range(2)
    ]
    metrics = folder / "killed" / "metrics.csv"
    try:
        while not metrics.exists() or len(figures(metrics.parent)) < 2:
            assert processes[0].poll() is None, processes[0].stderr.read()
            time.sleep(0.2)
        processes[1].kill()
        began = time.monotonic()
        _, errors = processes[0].communicate(timeout=90)
        return processes[0].returncode, errors, time.monotonic() - began
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def test_a_killed_process_ends_the_others_and_the_run_goes_on(folder):
    code, errors, seconds = killed(folder)
    assert code == 3
    assert seconds < 60
    said = [line for line in errors.splitlines() if line.startswith("error: ")]
    assert len(said) == 1, errors
    assert "another process of this training has ended" in said[0]
    assert "Traceback" not in errors
    assert "Check failure" not in errors
    elsewhere = folder / "elsewhere"
    shutil.copytree(folder / "killed", elsewhere)
    trained(folder, "killed", 2)
    assert figures(folder / "killed") == figures(folder / "two")
    for found, expected in zip(state(folder / "killed"), state(folder / "two"), strict=True):
        np.testing.assert_array_equal(found, expected)
    trained(folder, "elsewhere", 1)
    assert_close(elsewhere, folder / "two")
