"""The commands: each parses flags, calls the package and prints."""

import contextlib
import errno
import importlib
import os
import re
import sys
import warnings
from collections.abc import Sequence

import tensorflow as tf

from ras_keras.backend.out_of_memory import is_out_of_memory
from ras_keras.backend.processes import leave
from ras_keras.backend.starters import find_start
from ras_keras.commands.interruption import INTERRUPTED, interruptible
from ras_keras.commands.line.arguments import checked_arguments
from ras_keras.commands.line.error_text import in_flags
from ras_keras.commands.output import output_of_one_of_several, safe_output
from ras_keras.errors import UserError, first_line
from ras_keras.text.shown import shown
from ras_keras.training import Interrupted

USAGE = 2
# 128 and the number of SIGPIPE, which Windows does not have.
BROKEN_PIPE = 141
# What TensorFlow calls the file that TensorBoard reads, when it is opened and when it is written.
OF_TENSORBOARD = re.compile(r"\bevents (file|writer)\b")
ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS}


def run(command: str, arguments: Sequence[str], program: str) -> int:
    """Runs a command and returns its exit code; what a user can mend becomes one line.

    Args:
        command: a name of a module in this package.
        arguments: its flags.
        program: how the user called it, for messages.
    """
    # Loaded while the console's handler still ends the process at once.
    main = importlib.import_module(f"ras_keras.commands.{command}").main
    try:
        start = find_start() if command == "train" else None
    except UserError as error:
        return _refuse(in_flags(error))
    output = contextlib.nullcontext() if start is None else output_of_one_of_several(start.index)
    with output, safe_output(), interruptible() as received, warnings.catch_warnings():
        # Of an image's damaged tags and of its size, which ras_keras.data checks itself.
        warnings.filterwarnings("ignore", module=r"PIL\.")
        try:
            return leave(_run(main, arguments, program))
        except BaseException as error:
            # Whatever an interruption has become on its way.
            if not isinstance(error, Interrupted | KeyboardInterrupt) and not received():
                raise
            stopped = str(error) if isinstance(error, Interrupted | KeyboardInterrupt) else ""
            print(f"\nstopped by {stopped or received() or 'SIGINT'}", file=sys.stderr)
            return leave(INTERRUPTED)


def _run(main, arguments: Sequence[str], program: str) -> int:
    """Runs the `main` of a command; what a user can mend becomes one line."""
    try:
        code = main(checked_arguments(arguments), program)
        sys.stdout.flush()
    except UserError as error:
        return _refuse(in_flags(error))
    except tf.errors.OpError as error:
        if is_out_of_memory(error):
            return _refuse_size(error)
        # TensorBoard's file says so in its own way, whatever the disk said.
        if not OF_TENSORBOARD.search(error.message):
            raise
        return _refuse(
            f"TensorBoard's events cannot be written ({first_line(error.message)}); make room, "
            "then give the same command again, in a training with --resume."
        )
    except BrokenPipeError:
        # Whoever reads has read enough, as head does. Python would complain when it leaves.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except UnicodeEncodeError as error:
        # Of a name whose bytes are no UTF-8, which TensorFlow does not take.
        if error.reason != "surrogates not allowed":
            raise
        return _refuse(f"{error.object!r:.300} is not UTF-8 in its bytes; rename it.")
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        remedy = "; make room or choose another folder" if error.errno in ROOM else ""
        return _refuse(f"{where}{error.strerror or first_line(error)}{remedy}.")
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        return _refuse_size(error)
    return code or 0


def _refuse_size(error: Exception) -> int:
    said = first_line(getattr(error, "message", "") or error)
    return _refuse(f"memory or disk is full ({said}); lower --batch-size, or make room.")


def _refuse(message: str) -> int:
    print(f"error: {shown(message)}", file=sys.stderr)
    return USAGE
