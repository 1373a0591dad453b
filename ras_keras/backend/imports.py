"""Modules that are imported by name or only when they are needed."""

import importlib
import sys
from collections.abc import Iterable, Sequence
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from ras_keras.errors import Argument, UserError, first_line


def import_modules(names: Sequence[str]) -> None:
    """Imports modules, from the working directory as well.

    Args:
        names: such as "my_attention" for my_attention.py.

    Raises:
        UserError: naming the module that cannot be imported, and why.
    """
    here = str(Path.cwd())
    for name in names:
        try:
            if here not in sys.path:
                sys.path.append(here)
            importlib.import_module(name)
        # A module of the user's may fail in any way.
        except (Exception, SystemExit) as error:
            raise UserError(
                Argument("imports", name),
                f" failed ({first_line(error)}); name a module as Python would import it from "
                "here, such as my_attention for my_attention.py.",
            ) from error


def import_torch(what: str) -> ModuleType:
    """The module torch, which only the extra `peers` brings.

    Args:
        what: needs it, for the message.

    Raises:
        UserError: if it is not installed.
    """
    # Triton, which CUDA builds of PyTorch bring for GPUs, aborts in one process with TensorFlow.
    sys.modules.setdefault("triton", None)  # type: ignore[arg-type]  # None forbids the import
    try:
        return importlib.import_module("torch")
    except ImportError as error:
        raise UserError(
            f"{what} needs PyTorch ({first_line(error)}), which the extra peers brings: "
            f"{install_command('peers')}."
        ) from error


def check_installed(what: str, modules: Iterable[str], extra: str) -> None:
    """Refuses what needs modules of an extra that are not there.

    Args:
        what: needs them, for the message.
        modules: their names.
        extra: of this package, which brings them.

    Raises:
        UserError: with the command that installs them.
    """
    for module in modules:
        if find_spec(module) is None:
            raise UserError(
                f"{what} needs the package {module}, which is not installed: "
                f"{install_command(extra)}."
            )


def install_command(extra: str) -> str:
    """The command that brings an extra: from any folder, or for a source that is not installed."""
    try:
        metadata.distribution("ras_keras")
    except metadata.PackageNotFoundError:
        return f"pip install -e '.[{extra}]'"
    return f"pip install 'ras_keras[{extra}]'"
