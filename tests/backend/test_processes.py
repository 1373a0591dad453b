"""How processes meet, and do not."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ras_keras.backend.starters import ADDRESSES, COUNT, INDEX
from tests.backend import meeting
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

pytest.importorskip("jax")

PROGRAM = Path(meeting.__file__)


def start(environment, *arguments, program=PROGRAM):
    return subprocess.Popen(
        [sys.executable, program, *arguments],
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_slurm_is_found_out_and_another_recipe_is_refused():
    """The variables that srun sets, for two tasks on this machine."""
    step = {
        # JAX makes the port of it.
        "SLURM_JOB_ID": str(int(time.time())),
        "SLURM_STEP_NODELIST": "127.0.0.1",
        "SLURM_STEP_NUM_NODES": "1",
        "SLURM_NTASKS": "2",
    }
    started = [
        start(step | {"SLURM_PROCID": index, "SLURM_LOCALID": index}, "60", f"recipe {index}")
        for index in "01"
    ]
    for process in started:
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 2, errors
        assert "['of', 'recipe 0'] 1" in output
        assert "error: process 1 of 2 has another recipe than process 0; " in errors


def test_a_first_process_that_does_not_answer():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listening.getsockname()[1]}"
    process = start({ADDRESSES: address, COUNT: "2", INDEX: "1"}, "1", "recipe")
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 2
    assert f"the 2 processes of this training did not come together at {address}" in errors


def test_commands_of_different_recipes_are_refused(tmp_path):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listening.getsockname()[1]}"
    flags = ["--recipe", "quick", "--depth", "11", "--log-dir", str(tmp_path), "--name", "run"]
    started = [
        start(
            {ADDRESSES: address, COUNT: "2", INDEX: index},
            *(*flags, "--attention", f"ras:k={k}"),
            program=ROOT / "scripts" / "train.py",
        )
        for index, k in (("0", 1), ("1", 2))
    ]
    for process in started:
        _, errors = process.communicate(timeout=180)
        assert process.returncode == 2, errors
        assert "error: process 1 of 2 has another recipe than process 0; " in errors
    assert not (tmp_path / "run").exists()
