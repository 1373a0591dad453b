"""Who started several processes for one training: three variables, SLURM, MPI or Kubernetes."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from ras_keras.errors import UserError

# Keras's own; the first that a training reads.
ADDRESSES = "KERAS_DISTRIBUTION_JOB_ADDRESSES"
COUNT = "KERAS_DISTRIBUTION_NUM_PROCESSES"
INDEX = "KERAS_DISTRIBUTION_PROCESS_ID"
# What MPI's start commands say of the processes of a job: how many, and which one.
MPI = (("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"), ("PMI_SIZE", "PMI_RANK"))
# Open MPI up to 4 says where its first process is.
OPEN_MPI_ADDRESS = "OMPI_MCA_orte_hnp_uri"
# All of these are there in a step of `srun`, and not in the script of `sbatch`.
SLURM = ("SLURM_JOB_ID", "SLURM_STEP_NODELIST", "SLURM_NTASKS", "SLURM_PROCID", "SLURM_LOCALID")


@dataclass(frozen=True)
class Start:
    """How one process of several was started.

    Attributes:
        method: by which JAX detects the rest, "deactivate" where nothing is left.
        starter: in words.
        index: of this process, from 0.
        count: of the processes; None for JAX to ask.
        address: host:port of the first one; None for JAX to ask.
        alone_on_host: whether no other one is on this host, so that all its GPUs are this one's.
    """

    method: str
    starter: str
    index: int
    count: int | None = None
    address: str | None = None
    alone_on_host: bool = False


def find_start(environment: Mapping[str, str] = os.environ) -> Start | None:
    """How this process was started as one of several, None if it is the only one.

    Raises:
        UserError: if what the environment says is incomplete or no number.
    """
    address = environment.get(ADDRESSES, "").partition(",")[0] or None
    if COUNT in environment:
        count = _number(environment, COUNT, 1)
        if count == 1:
            return None
        index = _number(environment, INDEX, 0)
        return _placed(Start("deactivate", "KERAS_DISTRIBUTION_*", index, count, address))
    # Before SLURM, within whose jobs mpirun starts its processes.
    for size, rank in MPI:
        if environment.get(size, "1") != "1" and not _said_by_slurm(environment, size, rank):
            count, index = _number(environment, size, 1), _number(environment, rank, 0)
            alone = environment.get("OMPI_COMM_WORLD_LOCAL_SIZE") == "1"
            method = "ompi" if OPEN_MPI_ADDRESS in environment else "deactivate"
            return _placed(Start(method, "MPI", index, count, address, alone))
    if all(name in environment for name in SLURM):
        count, index = (
            _number(environment, "SLURM_NTASKS", 1),
            _number(environment, "SLURM_PROCID", 0),
        )
        hosts = environment.get("SLURM_STEP_NUM_NODES")
        start = Start("slurm", "SLURM", index, count, address, hosts == str(count))
        return start if count > 1 else None
    if "KUBERNETES_SERVICE_HOST" in environment and "JOB_COMPLETION_INDEX" in environment:
        index = _number(environment, "JOB_COMPLETION_INDEX", 0)
        if find_spec("kubernetes") is None:
            raise UserError(
                "Kubernetes started this process as one of an indexed job's, which find each other "
                "by the package kubernetes, and it is not installed: pip install 'jax[k8s]', or "
                f"set {COUNT}=1 for a training of each."
            )
        return Start("k8s", "Kubernetes", index)
    if INDEX in environment:
        # Without how many there are each would train by itself.
        _number(environment, COUNT, 1)
    return None


def _said_by_slurm(environment, size: str, rank: str) -> bool:
    """Whether srun itself names its processes as MPI does, with its plugin pmi2."""
    if not all(name in environment for name in SLURM):
        return False
    named = (environment.get(size), environment.get(rank))
    return named == (environment["SLURM_NTASKS"], environment["SLURM_PROCID"])


def _number(environment, name: str, least: int) -> int:
    text = environment.get(name, "")
    if not text.isdecimal() or int(text) < least:
        raise UserError(
            f"{name} must be a whole number from {least} on. Received: {text!r}; set {ADDRESSES}, "
            f"{COUNT} and {INDEX}, or none of them."
        )
    return int(text)


def _placed(start: Start) -> Start:
    """Refuses an address or an index that cannot be."""
    if start.count is not None and start.index >= start.count:
        raise UserError(
            f"process {start.index} of {start.count} is none: {INDEX} counts from 0 to "
            f"{start.count - 1}."
        )
    if start.method == "deactivate" and not (start.address or "").rpartition(":")[2].isdecimal():
        raise UserError(
            f"{start.starter} started {start.count} processes and {ADDRESSES} does not say where "
            f"the first one is. Received: {start.address or ''!r}; give its host and a free port, "
            "such as 10.0.0.1:9876."
        )
    return start
