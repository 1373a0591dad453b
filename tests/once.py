"""What the workers of one test run share."""

import os
import shutil
from pathlib import Path

from filelock import FileLock


def shared(tmp_path_factory, name):
    """The path `name` that all workers have in common."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name


def made_once(tmp_path_factory, name, make):
    """The folder `name`, which `make(folder)` fills for the first worker that asks for it."""
    folder = shared(tmp_path_factory, name)
    made = Path(f"{folder}.made")
    with FileLock(f"{folder}.lock"):
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            made.touch()
    return folder
