"""Workers as tasks of Ray: on this machine, or on a cluster that runs already."""

import contextlib
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras

import ras_keras
from ras_keras.cluster.jobs import Executor, InProcess, Job, WorkersDied
from ras_keras.cluster.quiet import quiet, signals_kept, without_stderr
from ras_keras.cluster.resources import Share, Workers
from ras_keras.cluster.worker import Setting, run_job
from ras_keras.errors import Argument, UserError, first_line
from ras_keras.training.callbacks import Interrupted

# Workers that a job may kill.
DEATHS = 3
SECONDS_TO_ANSWER = 10
# In which Ray's own question, in a process of its own, is answered.
SECONDS_OF_A_CHECK = 30
POLL_SECONDS = 0.2
# After which the user is told how far the jobs are.
SECONDS_OF_SILENCE = 60
OBJECT_STORE_BYTES = 100 * 2**20
# Of the driver's environment, for workers on other machines, which round as it does.
INHERITED = (
    "KERAS_HOME",
    "TFDS_DATA_DIR",
    "XLA_FLAGS",
    "TF_CPP_MIN_LOG_LEVEL",
    "TF_ENABLE_ONEDNN_OPTS",
)


class RayExecutor:
    """Runs jobs as tasks of the cluster that this process has joined.

    A job whose worker or machine dies is run again, until it has killed `DEATHS` workers.

    Args:
        share: what a worker has.
        local: whether the cluster is this machine alone.
    """

    shows_output = False

    def __init__(self, share: Share, local: bool):
        import ray

        self.slots = share.slots
        self._running: dict[Any, Job] = {}
        self._setting = Setting(Path.cwd(), os.getpid() if local else None)
        self._remote = ray.remote(
            num_cpus=share.cpus,
            num_gpus=share.gpus,
            max_retries=DEATHS - 1,
            # One that is asked to stop without its driver.
            retry_exceptions=[Interrupted],
            runtime_env={"env_vars": _environment(share, local)},
        )(run_job)

    def start(self, job: Job) -> None:
        reference = self._remote.options(name=job.name).remote(job, self._setting)
        self._running[reference] = job

    def wait(self, meanwhile: Callable[[], object] = bool) -> tuple[Job, Callable[[], Any]]:
        import ray

        running, said = [*self._running], time.monotonic()
        # Ray would turn a signal's exception into one without its name.
        while not (ready := ray.wait(running, timeout=0)[0]):
            time.sleep(POLL_SECONDS)
            if time.monotonic() - said >= SECONDS_OF_SILENCE:
                meanwhile()
                said = time.monotonic()
        job = self._running.pop(ready[0])
        return job, lambda: _result(job, ready[0])


def _result(job: Job, reference: Any) -> Any:
    import ray
    from ray import exceptions

    deaths = exceptions.WorkerCrashedError, exceptions.NodeDiedError, exceptions.OutOfMemoryError
    try:
        return ray.get(reference)
    except exceptions.RayTaskError as error:
        raise error.cause from None
    except deaths as error:
        raise WorkersDied(
            f"{job.name} killed its worker {DEATHS} times ({first_line(error)}); {job.log} ends "
            "where it died."
        ) from error
    # Nothing of the job: it is not noted, and the same command takes it up again.
    except exceptions.RayError as error:
        raise UserError(
            f"Ray failed while {job.name} ran ({first_line(error)}); mend that, then give the same "
            "command again: it goes on."
        ) from error


def _environment(share: Share, local: bool) -> dict[str, str]:
    """Variables of a worker, to have its share of a machine and the code of this process."""
    threads = str(share.cpus)
    own = {
        **dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "NPROC"), threads),
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    }
    own |= {name: os.environ[name] for name in (*own, *INHERITED) if name in os.environ}
    own["KERAS_BACKEND"] = keras.backend.backend()
    if local:
        root = str(Path(ras_keras.__file__).parent.parent)
        own["PYTHONPATH"] = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    return own


@contextlib.contextmanager
def executor(asked: Workers) -> Iterator[Executor]:
    """What runs jobs as asked; a Ray that it starts ends on leaving.

    Args:
        asked: checked.

    Raises:
        UserError: if there is no cluster at the address, or it has no room for a worker.
    """
    if not asked.several:
        yield InProcess()
        return
    import ray

    with quiet():
        try:
            with signals_kept():
                _join(asked)
            resources = [node["Resources"] for node in ray.nodes() if node["Alive"]]
            nodes = [(int(each.get("CPU", 0)), int(each.get("GPU", 0))) for each in resources]
            local = asked.address is None
            share = Share.of_machine(asked, *nodes[0]) if local else Share.of_cluster(asked, nodes)
            yield RayExecutor(share, local)
        finally:
            ray.shutdown()


def _join(asked: Workers) -> None:
    """Starts Ray on this machine, or joins the cluster at an address."""
    import ray

    silent = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    if asked.address is None:
        ray.init(
            # Whatever cluster a variable of Ray's names.
            address="local",
            include_dashboard=False,
            num_cpus=os.cpu_count(),
            object_store_memory=OBJECT_STORE_BYTES,
            **silent,
        )
        return
    _check_answers(asked.address)
    package = {"py_modules": [str(Path(ras_keras.__file__).parent)]}
    try:
        with without_stderr():
            ray.init(address=asked.address, runtime_env=package, **silent)
    # Whatever Ray stumbles on: no cluster, another version of Ray or Python, no node here.
    except Exception as error:
        raise _no_cluster(asked.address, first_line(error)) from error


def _check_answers(address: str) -> None:
    """Ray would wait for minutes, and end the process."""
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), SECONDS_TO_ANSWER).close()
        # Something else may listen there.
        ask = [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", address]
        subprocess.run(ask, capture_output=True, check=True, timeout=SECONDS_OF_A_CHECK)
    except OSError as error:
        raise _no_cluster(address, error.strerror or first_line(error)) from error
    except subprocess.SubprocessError as error:
        raise _no_cluster(address, "what listens there is no Ray") from error


def _no_cluster(address: str, problem: str) -> UserError:
    return UserError(
        Argument("address", address),
        f": no Ray cluster answers there ({problem.rstrip('.')}); start one by ray start, on this "
        "machine too, or, if it has a token, set RAY_AUTH_MODE=token.",
    )
