"""Bad input to a search: one line that names the value and the way out, exit code 2."""

import os
import socket
import sys

import pytest

from ras_keras.commands import run
from ras_keras.errors import UserError
from ras_keras.locks import locked
from tests.tuning.test_search import tune


@pytest.fixture
def refused(capsys, tmp_path):
    def check(*arguments, says, log_dir=tmp_path / "logs"):
        assert tune(log_dir, *arguments) == 2
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert error.count("\n") == 1
        for part in says:
            assert part in error
        assert not (tmp_path / "logs").exists(), "a search that never began leaves nothing"

    return check


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--search"], ["--search names nothing", "k, connection"]),
        (["--search", "kay"], ["--search must be one of k, connection", "'kay'"]),
        (["--k", "2"], ["--k fixes what --search k varies", "--space k="]),
        (["--search", "batch_size"], ["--batch-size fixes"]),
        (
            ["--search", "normalize_input", "--attention", "ras:normalize_input=False"],
            ["--attention ras:normalize_input=False fixes", "--search normalize_input"],
        ),
        (["--space", "depth=20"], ["depth is not searched"]),
        (["--space", "k=4:1"], ["ends before it begins"]),
        (["--space", "k=0,1"], ["--k must be an integer >= 1", "0"]),
        (["--search", "depth", "--space", "depth=20,21"], ["--depth fixes"]),
        (["--search", "gamma_initializer", "--attention", "none"], ["belongs to ras"]),
        (["--search", "connection", "--attention", "cbam"], ["belongs to ras, se, eca, spa"]),
        (["--attention", "rass"], ["nearest is 'ras'"]),
        (["--validation-split", "0"], ["--validation-split 0", "val_accuracy"]),
        (["--protocol", "paper"], ["--protocol paper", "val_accuracy"]),
        (["--trials", "0"], ["--trials must be >= 1", "0"]),
        (["--seeds", "0"], ["--seeds must be >= 1", "0"]),
        (["--seeds", "2", "--seed", "2147483647"], ["--seed must be at most 2,147,483,647"]),
        (["--workers", "0"], ["--workers must be >= 1", "0"]),
        (["--workers", "999"], ["--workers 999 is too many for the", "cores of this machine"]),
        (
            ["--workers", "1", "--worker-cpus", "9999"],
            ["--worker-cpus 9999 is more than this machine has", "give at most"],
        ),
        (["--worker-cpus", "1"], ["--worker-cpus 1 says nothing without --workers or --address"]),
        (["--worker-gpus", "-1", "--workers", "1"], ["--worker-gpus must be >= 0"]),
        (["--worker-gpus", "1.5", "--workers", "1"], ["--worker-gpus must be below 1 or an int"]),
        (["--address", "here"], ["--address must be auto or HOST:PORT. Received: here"]),
        (["--address", "127.0.0.1:9"], ["--address 127.0.0.1:9: no Ray cluster answers there"]),
        (["--algorithm", "gird"], ["grid, random, bayesian, hyperband", "nearest is 'grid'"]),
        (["--algorithm", "hyperband", "--warmup-epochs", "2"], ["--warmup-epochs 2 is longer"]),
        (["--dataset", "cifra10"], ["nearest is 'cifar10'"]),
        (["--serch", "k"], ["unknown flag --serch; the nearest is --search"]),
    ],
)
def test_refused_before_anything_begins(refused, arguments, says):
    refused(*arguments, says=says)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--k", "2"], ["--k fixes what --search k varies"]),
        (["--space", "k=0,1"], ["--k must be an integer >= 1", "0"]),
    ],
)
def test_refused_before_workers_are_started(refused, monkeypatch, arguments, says):
    def started(asked):
        raise AssertionError("workers are started for a search that is refused")

    monkeypatch.setattr("ras_keras.commands.tune.executor", started)
    refused("--workers", "1", *arguments, says=says)


@pytest.mark.slow
def test_an_address_where_something_else_listens(refused):
    """Ray itself would wait for its answer without a word."""
    pytest.importorskip("ray")
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        refused("--address", address, says=[f"--address {address}: no Ray cluster answers there"])


@pytest.mark.parametrize("name", ["two/folders", "."])
def test_a_name_that_is_no_folders(name, capsys, tmp_path):
    arguments = ["--recipe", "quick", "--log-dir", str(tmp_path), "--name", name]
    assert run("tune", arguments, "python scripts/tune.py") == 2
    error = capsys.readouterr().err
    assert "--name must be the name of one folder" in error and error.count("\n") == 1
    assert not [*tmp_path.iterdir()]


def test_a_machine_without_ray(refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    refused("--workers", "2", says=["the package ray", "not installed", "ras_keras[cluster]"])


@pytest.mark.slow
def test_a_folder_that_cannot_be_made_or_is_not_a_searchs(refused, tmp_path):
    (tmp_path / "file").touch()
    refused(says=["cannot be created", "--log-dir"], log_dir=tmp_path / "file")
    (tmp_path / "search").mkdir()
    (tmp_path / "search" / "anything").touch()
    refused(says=["exists and holds no search"], log_dir=tmp_path)
    (tmp_path / "search" / "search.json").write_text('{"recipe"')
    refused(says=["search.json is damaged", "--name"], log_dir=tmp_path)


def test_a_search_that_another_process_is_at(tmp_path):
    """A lock belongs to the open file, so that this process can stand for another one."""
    with (
        locked(tmp_path),
        pytest.raises(UserError, match=f"is in use by process {os.getpid()}"),
        locked(tmp_path),
    ):
        pass
    with locked(tmp_path):
        pass
