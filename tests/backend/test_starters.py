"""What the environment says of the processes that were started."""

import pytest

from ras_keras.backend import starters
from ras_keras.backend.starters import ADDRESSES, COUNT, INDEX, find_start
from ras_keras.commands import run
from ras_keras.errors import UserError

SLURM = {
    "SLURM_JOB_ID": "7",
    "SLURM_STEP_NODELIST": "node[1-2]",
    "SLURM_STEP_NUM_NODES": "2",
    "SLURM_NTASKS": "2",
    "SLURM_PROCID": "1",
    "SLURM_LOCALID": "0",
}
OPEN_MPI = {"OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "3"}
KUBERNETES = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "JOB_COMPLETION_INDEX": "3"}
VARIABLES = {ADDRESSES: "10.0.0.1:9876,10.0.0.2:9876", COUNT: "2", INDEX: "1"}


@pytest.mark.parametrize(
    "environment",
    [
        {},
        SLURM | {"SLURM_NTASKS": "1", "SLURM_PROCID": "0"},
        # The script of sbatch, outside of srun.
        {name: value for name, value in SLURM.items() if name != "SLURM_STEP_NODELIST"},
        {"OMPI_COMM_WORLD_SIZE": "1"},
        # A training of each task of SLURM's.
        SLURM | {COUNT: "1"},
    ],
)
def test_one_process_alone(environment):
    assert find_start(environment) is None


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        (VARIABLES, ("deactivate", 1, 2, "10.0.0.1:9876", False)),
        (VARIABLES | SLURM, ("deactivate", 1, 2, "10.0.0.1:9876", False)),
        (SLURM, ("slurm", 1, 2, None, True)),
        (SLURM | {"SLURM_NTASKS": "8"}, ("slurm", 1, 8, None, False)),
        (OPEN_MPI | {"OMPI_MCA_orte_hnp_uri": "1.0;tcp://10.0.0.1:1"}, ("ompi", 3, 4, None, False)),
        (OPEN_MPI | {ADDRESSES: "a:1"}, ("deactivate", 3, 4, "a:1", False)),
        # srun with its plugin pmi2 names its processes as MPI does.
        (SLURM | {"PMI_SIZE": "2", "PMI_RANK": "1"}, ("slurm", 1, 2, None, True)),
        ({"PMI_SIZE": "2", "PMI_RANK": "0", ADDRESSES: "a:1"}, ("deactivate", 0, 2, "a:1", False)),
    ],
)
def test_one_of_several(environment, found):
    start = find_start(environment)
    assert (start.method, start.index, start.count, start.address, start.alone_on_host) == found


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        (VARIABLES | {COUNT: "two"}, COUNT),
        (VARIABLES | {COUNT: "0"}, COUNT),
        ({ADDRESSES: "a:1", COUNT: "2"}, INDEX),
        (VARIABLES | {INDEX: "2"}, INDEX),
        (VARIABLES | {ADDRESSES: "10.0.0.1"}, ADDRESSES),
        ({COUNT: "2", INDEX: "0"}, ADDRESSES),
        # Open MPI 5 does not say where the first process is.
        (OPEN_MPI, ADDRESSES),
    ],
)
def test_what_is_refused(environment, named):
    with pytest.raises(UserError, match=named):
        find_start(environment)


def test_pods_that_cannot_find_each_other(monkeypatch):
    monkeypatch.setattr(starters, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"kubernetes.*jax\[k8s\].*" + COUNT):
        find_start(KUBERNETES)
    assert find_start(KUBERNETES | {COUNT: "1"}) is None


def test_pods_that_find_each_other(monkeypatch):
    monkeypatch.setattr(starters, "find_spec", lambda name: name)
    start = find_start(KUBERNETES)
    assert (start.method, start.index, start.count) == ("k8s", 3, None)


@pytest.mark.parametrize("environment", [VARIABLES, SLURM, OPEN_MPI | {ADDRESSES: "a:1"}])
def test_several_processes_train_on_jax_alone(environment, monkeypatch, capfd):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert run("train", ["--recipe", "quick"], "train") == 2
    error = capfd.readouterr().err
    assert error.count("\n") == 1
    assert "KERAS_BACKEND=jax" in error
    assert "MultiWorkerMirroredStrategy" in error
