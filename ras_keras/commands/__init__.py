"""The commands: each parses flags, calls the package and prints."""

import importlib
import signal
import sys
from collections.abc import Sequence

from ras_keras.errors import UserError
from ras_keras.training import Interrupted

COMMANDS = {
    "train": "train a network and leave a run folder",
    "evaluate": "measure a saved model on a test set",
    "plot": "draw the curves of training runs",
    "benchmark": "measure the speed of the input pipeline",
}
USAGE = 2
INTERRUPTED = 130


def run(command: str, arguments: Sequence[str]) -> int:
    """Runs a command and returns its exit code; what a user can mend becomes one line."""
    # Until a training takes the signals over, SIGTERM ends a command as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    module = importlib.import_module(f"ras_keras.commands.{command}")
    try:
        module.main(arguments)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(
            f"error: {where}{error.strerror or error}; make room or choose another folder.",
            file=sys.stderr,
        )
        return USAGE
    except Interrupted as error:
        print(f"stopped by {error}", file=sys.stderr)
        return INTERRUPTED
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return INTERRUPTED
    return 0


def main() -> int:
    """`ras-keras COMMAND …`, for those who installed the package."""
    command, arguments = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("--help", [])
    if command in COMMANDS:
        return run(command, arguments)
    print("usage: ras-keras COMMAND [FLAGS]\n")
    for name, what in COMMANDS.items():
        print(f"  {name:10} {what}; ras-keras {name} --help")
    if command in ("-h", "--help"):
        return 0
    print(f"error: {command!r} is no command of ras-keras", file=sys.stderr)
    return USAGE
