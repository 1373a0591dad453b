"""A search by two processes, one of which dies."""

import threading
import time

import pytest

from ras_keras.tuning import workers
from tests.tuning.test_search import PLAIN, metrics, trials, tune

pytestmark = pytest.mark.slow

LOGS = ("worker1.log", "worker2.log")


@pytest.fixture
def started(monkeypatch):
    """The processes of the workers, in the order in which they are started."""
    processes, start = [], workers.Worker.start

    def recorded(worker):
        start(worker)
        processes.append(worker.process)

    monkeypatch.setattr(workers.Worker, "start", recorded)
    return processes


def kill_in_training(folder, processes):
    """Kills the worker that is the first to have an epoch behind it."""
    begun = []
    while not begun:
        time.sleep(0.05)
        begun = [
            process
            for process, log in zip(processes, LOGS, strict=False)
            if (folder / log).exists() and "epoch 1/4  loss" in (folder / log).read_text()
        ]
    begun[0].kill()


def test_a_worker_that_is_killed_starts_again_and_ends_its_trial(tmp_path, capsys, started):
    folder = tmp_path / "search"
    killer = threading.Thread(target=kill_in_training, args=(folder, started), daemon=True)
    killer.start()
    flags = [*PLAIN, "--space", "learning_rate=0.1,0.05", "--epochs", "4"]
    assert tune(tmp_path, "--workers", "2", *flags) == 0
    killer.join(timeout=60)
    output = capsys.readouterr().out
    assert " died in trial" in output
    assert "(SIGKILL) and is started again" in output
    assert len(started) == 3
    assert sorted(process.returncode for process in started) == [-9, 0, 0]
    assert [row["status"] for row in trials(folder)] == ["completed", "completed"]
    for rate in ("0.1", "0.05"):
        assert [row["epoch"] for row in metrics(folder / f"learning_rate={rate}")] == list("1234")
    assert any("resumed after epoch" in (folder / log).read_text() for log in LOGS)


def test_a_trial_that_kills_its_workers_fails_and_the_search_ends(tmp_path, capsys, monkeypatch):
    """Each worker dies at once; keras-tuner's chief is asked for a trial in their names."""

    class Dying(workers.Worker):
        def start(self):
            trial = oracles[0].create_trial(self.name) if len(oracles[0].ended) < 2 else None
            code = 0 if trial is None or trial.status == "STOPPED" else 1
            self.process = workers.subprocess.Popen([workers.sys.executable, "-c", f"exit({code})"])

    oracles = []
    supervise = workers._supervise

    def supervised(search, oracle, count, arguments):
        oracles.append(oracle)
        supervise(search, oracle, count, arguments)

    monkeypatch.setattr(workers, "Worker", Dying)
    monkeypatch.setattr(workers, "_supervise", supervised)
    assert tune(tmp_path, "--workers", "2", "--space", "k=1,2", "--epochs", "1") == 2
    output = capsys.readouterr()
    assert "no trial of" in output.err
    assert output.out.count("is started again") == 6
    assert [row["status"] for row in trials(tmp_path / "search")] == ["failed", "failed"]


def test_what_a_worker_says_is_wrong_ends_the_search(tmp_path, capsys):
    """The batch is larger than the data, which is seen when they are loaded."""
    flags = ["--workers", "2", "--search", "batch_size", "--space", "batch_size=5000,6000"]
    assert tune(tmp_path, *flags, batch=()) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: worker")
    assert "000" in error
    assert error.count("\n") == 1
