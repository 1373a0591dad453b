"""What a worker process does around a job."""

import contextlib
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from ras_keras.cluster.jobs import Job
from ras_keras.errors import UserError

POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Setting:
    """What a worker takes over from the process that gives it jobs.

    Attributes:
        directory: that relative paths begin in.
        driver: number of that process if it is on this machine, else None.
    """

    directory: Path
    driver: int | None


def run_job(job: Job, setting: Setting) -> Any:
    """Runs a job in a worker; what it prints goes into its log.

    Raises:
        UserError: if the machine lacks the directory, or as the job does.
    """
    if setting.driver is not None:
        _end_with(setting.driver)
    try:
        os.chdir(setting.directory)
        job.log.parent.mkdir(parents=True, exist_ok=True)
        stream = job.log.open("a", buffering=1, encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"{error.filename} cannot be used by a worker ({error.strerror}); all machines of a "
            "cluster share the folders of the runs."
        ) from error
    with stream, contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        return job.run()


def _end_with(driver: int) -> None:
    """A worker without its driver would go on in a run folder that another one resumes."""
    name = f"ends with process {driver}"
    if name in (thread.name for thread in threading.enumerate()):
        return

    def watch():
        while psutil.pid_exists(driver):
            time.sleep(POLL_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name=name, daemon=True).start()
