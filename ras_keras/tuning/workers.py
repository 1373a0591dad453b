"""A search by several processes: keras-tuner's chief here, its workers beside it."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent import futures

from ras_keras.errors import UserError, first_line
from ras_keras.tuning import address
from ras_keras.tuning.search import Outcome, Search, lead, make_tuner

LOOPBACK = "127.0.0.1"
DEATHS = 3
POLL_SECONDS = 0.5
STOP_SECONDS = 60
USAGE = 2


def work(search: Search) -> None:
    """Runs the trials that the chief hands out, until it has none left.

    Raises:
        UserError: if the chief cannot be reached.
    """
    import grpc

    if address.is_local_worker():
        threading.Thread(target=_end_with_parent, daemon=True).start()
    search.folder.begin(search.space, search.algorithm, search.seeds)
    try:
        make_tuner(search, search.oracle(report=None)).search()
    except grpc.RpcError as error:
        where = f"{os.environ[address.ORACLE_IP]}:{os.environ[address.ORACLE_PORT]}"
        raise UserError(
            f"the chief at {where} does not answer ({first_line(error.details())}); start it "
            "again, then this worker, which goes on with its trial."
        ) from error


def _end_with_parent():
    """A worker without its chief would go on in a run folder that another one resumes."""
    while str(os.getppid()) == os.environ[address.PARENT]:
        time.sleep(POLL_SECONDS)
    os._exit(1)


def run_workers(search: Search, count: int, arguments: Sequence[str]) -> Outcome:
    """Runs what is left of a search by so many processes on this machine.

    A worker that dies is started again and goes on with its trial, which fails when it has
    killed three.

    Args:
        search: what to do.
        count: of the workers.
        arguments: flags of the command, which are those of the workers too.

    Raises:
        UserError: as `run_search`, or if workers cannot start.
    """
    return lead(search, lambda oracle: _supervise(search, oracle, count, arguments))


def _supervise(search, oracle, count, arguments):
    count = min(count, oracle.planned - len(oracle.ended))
    if count < 1:
        return
    with _served(oracle) as port:
        workers = [Worker(number, count, port, search, arguments) for number in range(1, count + 1)]
        for worker in workers:
            print(f"{worker.name} started, its output is in {worker.log}", flush=True)
        deaths: Counter[int] = Counter()
        try:
            while any([worker.is_at_work() for worker in workers]):
                time.sleep(POLL_SECONDS)
                if oracle.failure:
                    raise oracle.failure
                for worker in workers:
                    if worker.has_died():
                        _start_again(worker, oracle, deaths)
        finally:
            for worker in workers:
                worker.ask_to_stop()
            for worker in workers:
                worker.wait()


@contextlib.contextmanager
def _served(oracle):
    """keras-tuner's chief, on a free port of this machine."""
    import grpc

    from ras_keras.tuning.keras_tuner_internals import add_chief

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1))
    add_chief(oracle, server)
    port = server.add_insecure_port(f"{LOOPBACK}:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(grace=None).wait()


def _start_again(worker, oracle, deaths):
    trial = oracle.ongoing_trials.get(worker.name)
    doing = f"in trial {int(trial.trial_id) + 1}" if trial else "without a trial"
    subject = trial.trial_id if trial else worker.name
    deaths[subject] += 1
    if worker.process.returncode == USAGE:
        raise UserError(f"{worker.name}: {worker.last_words()}")
    print(f"{worker.name} died {doing} ({worker.cause()}) and is started again", flush=True)
    if deaths[subject] == DEATHS:
        if trial is None:
            raise UserError(
                f"{worker.name} died {DEATHS} times before it had a trial; {worker.log} says why."
            )
        trial.status, trial.message = "FAILED", f"killed its worker {DEATHS} times"
        oracle.end_trial(trial)
    worker.start()


class Worker:
    """A process that runs trials; its name is what keras-tuner knows it by.

    Args:
        number: of the worker, from 1.
        count: of all workers, which share the machine's cores and GPUs.
        port: of the chief.
        search: what is searched.
        arguments: flags of the command.
    """

    def __init__(self, number, count, port, search, arguments):
        self.name = f"worker{number}"
        self.log = search.folder.file(f"{self.name}.log")
        self.command = command("tune", arguments)
        threads = str(max(1, os.cpu_count() // count))
        self.environment = {
            "OMP_NUM_THREADS": threads,
            "TF_NUM_INTRAOP_THREADS": threads,
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
            "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
            **os.environ,
            address.TUNER_ID: self.name,
            address.ORACLE_IP: LOOPBACK,
            address.ORACLE_PORT: str(port),
            address.PARENT: str(os.getpid()),
        }
        gpus = _gpu_names()
        if gpus:
            self.environment["CUDA_VISIBLE_DEVICES"] = gpus[(number - 1) % len(gpus)]
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as stream:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches it once, from the chief.
                start_new_session=True,
            )

    def is_at_work(self) -> bool:
        return self.process.poll() != 0

    def has_died(self) -> bool:
        return self.process.poll() not in (None, 0)

    def cause(self) -> str:
        code = self.process.returncode
        return signal.Signals(-code).name if code < 0 else f"exit code {code}, see {self.log}"

    def last_words(self) -> str:
        """What it said was wrong."""
        lines = self.log.read_text("utf-8", errors="replace").splitlines()
        said = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
        return said[-1] if said else f"exit code {USAGE}, see {self.log}."

    def ask_to_stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()

    def wait(self) -> None:
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def command(name: str, arguments: Sequence[str]) -> list[str]:
    """A command of the package, for a process of its own."""
    program = (
        "import sys; from ras_keras.commands import run; "
        f"sys.exit(run({name!r}, sys.argv[1:], 'ras-keras {name}'))"
    )
    return [sys.executable, "-c", program, *arguments]


def _gpu_names() -> list[str]:
    """Of the GPUs of this machine, as CUDA_VISIBLE_DEVICES has them."""
    import tensorflow as tf

    count = len(tf.config.list_physical_devices("GPU"))
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    return (chosen.split(",") if chosen else [str(i) for i in range(count)])[:count]
