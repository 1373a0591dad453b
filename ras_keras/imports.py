"""Modules of the user's, imported by name."""

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from ras_keras.errors import UserError, first_line


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
                f"--imports {name} failed ({first_line(error)}); name a module as Python would "
                "import it from here, such as my_attention for my_attention.py."
            ) from error
