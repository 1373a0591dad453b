"""Workers of a Ray on this machine, and deaths of them and of their driver."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import keras
import psutil
import pytest

import ras_keras
from ras_keras.cluster.jobs import Job, WorkersDied
from ras_keras.cluster.ray_cluster import executor
from ras_keras.cluster.resources import Workers
from ras_keras.errors import Argument, UserError
from tests.conftest import ROOT
from tests.tuning.test_search import PLAIN, SMALL, metrics, trials

pytestmark = pytest.mark.slow
pytest.importorskip("ray")

EPOCHS = 10


def seen():
    """What a job sees of its process."""
    print("printed")
    threads = {name: os.environ[name] for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")}
    return str(Path.cwd()), keras.backend.backend(), ras_keras.__file__, threads


def refuse():
    raise UserError(Argument("batch_size", 3), " is wrong.")


def test_jobs_in_workers(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    handler = signal.getsignal(signal.SIGTERM)
    before = {name for name in os.environ if name.startswith("RAY_")}
    results = {}
    with executor(Workers(workers=2)) as running:
        assert signal.getsignal(signal.SIGTERM) is handler
        assert running.slots == 2
        for job in (
            Job("sees", seen, Path("sees.log")),
            Job("dies", partial(os._exit, 3), Path("dies.log")),
            Job("refuses", refuse, Path("refuses.log")),
        ):
            running.start(job)
        for _ in range(3):
            job, result = running.wait()
            results[job.name] = result
        cores = str(max(1, os.cpu_count() // 2))
        threads = {"OMP_NUM_THREADS": cores, "TF_NUM_INTRAOP_THREADS": cores}
        backend = keras.backend.backend()
        assert results["sees"]() == (str(tmp_path), backend, ras_keras.__file__, threads)
        with pytest.raises(WorkersDied, match=r"dies killed its worker 3 times .*dies\.log"):
            results["dies"]()
        with pytest.raises(UserError) as refused:
            results["refuses"]()
        assert refused.value.args == (Argument("batch_size", 3), " is wrong.")
    assert (tmp_path / "sees.log").read_text() == "printed\n"
    assert {name for name in os.environ if name.startswith("RAY_")} == before
    output = capsys.readouterr()
    assert (output.out, output.err) == ("", "")


def start(log_dir):
    """A search of two trials by two workers."""
    flags = [*SMALL, *PLAIN, "--space", "learning_rate=0.1,0.05", "--epochs", EPOCHS]
    flags += ["--log-dir", log_dir, "--name", "search", "--workers", 2]
    return subprocess.Popen(
        [sys.executable, ROOT / "scripts" / "tune.py", *map(str, flags)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for(what, seconds=120):
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return found


def is_at(process):
    """Whether a process still does something, and is none that has ended."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_a_worker_dies_then_the_driver_and_the_next_one_is_interrupted(tmp_path):
    """The trial goes on in another worker, and the search where it was; Ray ends by itself."""
    folder = tmp_path / "search"
    first, second = (folder / f"learning_rate={rate}" for rate in ("0.1", "0.05"))

    def epochs(run):
        return len(metrics(run)) if (run / "metrics.csv").exists() else 0

    def starts(run):
        file = run / "environment.json"
        return len(json.loads(file.read_text())) if file.exists() else 0

    driver = start(tmp_path)
    wait_for(lambda: epochs(first) and epochs(second))
    descendants = psutil.Process(driver.pid).children(recursive=True)
    (worker,) = (each for each in descendants if each.cmdline()[0].startswith("ray::trial 1: "))
    worker.kill()
    wait_for(lambda: starts(first) == 2)
    done = epochs(first)
    wait_for(lambda: epochs(first) > done)
    everyone = psutil.Process(driver.pid).children(recursive=True)
    workers = [each for each in everyone if each.cmdline()[0].startswith("ray::trial ")]
    driver.kill()
    killed = time.monotonic()
    driver.communicate()
    interrupted = start(tmp_path)
    wait_for(lambda: not any(map(is_at, workers)), 30 - (time.monotonic() - killed))
    assert workers
    wait_for(lambda: starts(first) == 3)
    others = psutil.Process(interrupted.pid).children(recursive=True)
    interrupted.terminate()
    output, _ = interrupted.communicate(timeout=60)
    assert interrupted.returncode == 130
    assert output.endswith("\nstopped by SIGTERM; the same command goes on\n")
    ours = re.compile(r"((trial [12] of 2:|stopped by|best|notice|trials|recipe|train it) .+)?")
    assert all(map(ours.fullmatch, output.splitlines())), "Ray says nothing"
    wait_for(lambda: not any(map(is_at, others)), 30)
    last = start(tmp_path)
    output, _ = last.communicate(timeout=300)
    assert last.returncode == 0, output
    assert all(map(ours.fullmatch, output.splitlines())), "Ray says nothing"
    assert [row["status"] for row in trials(folder)] == ["completed", "completed"]
    for run in (first, second):
        assert [int(row["epoch"]) for row in metrics(run)] == [*range(1, EPOCHS + 1)]
    assert starts(first) == 4
    wait_for(lambda: not any(map(is_at, everyone)), 120 - (time.monotonic() - killed))
