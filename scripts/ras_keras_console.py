"""Where every command starts: TensorFlow is loaded quietly, then the command runs.

A module of its own, because importing anything of ras_keras loads Keras, and that TensorFlow, for
seconds.
TF_CPP_MIN_LOG_LEVEL=0 in the environment brings TensorFlow's messages back, TF_ENABLE_ONEDNN_OPTS=0
turns oneDNN off.
"""

import difflib
import os
import platform
import signal
import sys
from collections.abc import Sequence
from importlib import metadata
from typing import NoReturn

INTERRUPTED = 130
USAGE = 2
BACKENDS = ("tensorflow", "jax", "torch")
COMMANDS = {
    "train": "train a network and leave a run folder",
    "evaluate": "measure a saved model on a test set",
    "predict": "name the classes of images",
    "serve": "show a model in a browser",
    "detect": "find objects in images: train a detector, measure it, use it",
    "explain": "show what a saved model looks at, and whether its gates move",
    "export": "write a saved model in the formats of other runtimes",
    "study": "show what attention does to training: gradients by epoch, gates by earlier gates",
    "plot": "draw the curves of training runs",
    "tune": "search a space of recipes",
    "reproduce": "run the tables of the papers, and set our figures beside theirs",
    "models": "list the trained models of the package, or the networks that have a name",
    "benchmark": "measure networks and the input pipeline, PyTorch beside them",
    "check_data": "find the images of a data set that cannot be read",
    "add_attention": "put attention into a saved model without losing what it knows",
    "import_weights": "turn a PyTorch checkpoint of the papers' authors into a Keras model",
}


def start(command: str) -> None:
    """Runs one command as `python scripts/COMMAND.py FLAGS`."""
    prepare()
    from ras_keras.commands import run

    sys.exit(run(command, sys.argv[1:], f"python scripts/{command}.py"))


def main() -> None:
    """`ras-keras COMMAND FLAGS`, for those who installed the package.

    A command of two words may be written with a dash.
    """
    arguments = sys.argv[1:]
    if arguments and not arguments[0].startswith("-"):
        arguments[0] = arguments[0].replace("-", "_")
    prepare(arguments)
    from ras_keras.commands import run

    command, *flags = arguments
    sys.exit(run(command, flags, f"ras-keras {command}"))


def prepare(arguments: Sequence[str] | None = None) -> None:
    """What is done before the package is imported, and does no harm once more behind it.

    Args:
        arguments: of `ras-keras`, None for another program; what names no command is answered
            without the package.
    """
    _end_on_signals()
    _open_closed_streams()
    _check_keras_settings()
    if arguments is not None:
        command = arguments[0] if arguments else "--help"
        if command not in COMMANDS:
            _answer(command)
    _choose_onednn()
    _load_quietly()


def _answer(argument: str) -> NoReturn:
    """Prints the commands or the version, or refuses what is no command."""
    if argument == "--version":
        print(f"ras_keras {metadata.version('ras_keras')}")
    elif argument in ("-h", "--help"):
        print("usage: ras-keras COMMAND [FLAGS]\n")
        for name, what in COMMANDS.items():
            print(f"  {name:14} {what}; ras-keras {name} --help")
    else:
        found = difflib.get_close_matches(argument, COMMANDS, n=1)
        nearest = f". The nearest is {found[0]!r}" if found else ""
        names = ", ".join(COMMANDS)
        _refuse(f"the command must be one of {names}. Received: {argument!r}{nearest}")
    sys.exit()


def _end_on_signals() -> None:
    """Ctrl-C and SIGTERM end the process at once, until the command takes them over.

    There is nothing to clean up yet, and an exception may be swallowed by an import.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: os._exit(INTERRUPTED))


def _open_closed_streams() -> None:
    """Leads streams that the caller closed, as `2>&-` does, to the null device."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    for name, descriptor, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(descriptor, mode, encoding="utf-8", closefd=False))


def _check_keras_settings() -> None:
    """Refuses settings of the environment or of keras.json that the commands do not run on."""
    file, settings = _read_keras_json()
    backend, where = os.environ.get("KERAS_BACKEND"), "KERAS_BACKEND"
    if not backend:
        backend, where = settings.get("backend", "tensorflow"), f"the backend of {file}"
    _check_backend(backend, where)
    image_format = settings.get("image_data_format", "channels_last")
    if image_format != "channels_last":
        _refuse(f"image_data_format of {file} must be channels_last. Received: {image_format!r}")
    floatx = settings.get("floatx", "float32")
    if floatx != "float32":
        _refuse(
            f"floatx of {file} must be float32, --precision chooses another. Received: {floatx!r}"
        )
    epsilon = settings.get("epsilon", 1e-7)
    if not isinstance(epsilon, float) or not 0 < epsilon <= 1e-3:
        _refuse(f"epsilon of {file} must be above 0 and at most 0.001. Received: {epsilon!r}")


def _read_keras_json() -> tuple[str, dict]:
    """The path of the file of settings that Keras reads, and what it says."""
    import json
    from pathlib import Path

    home = Path("~").expanduser()
    default = (home if os.access(home, os.W_OK) else Path("/tmp")) / ".keras"
    file = Path(os.environ.get("KERAS_HOME", default), "keras.json").expanduser()
    try:
        settings = json.loads(file.read_text()) if file.exists() else {}
    # Keras ignores what is no JSON.
    except ValueError:
        settings = {}
    except (OSError, RecursionError) as error:
        _refuse(f"{file} cannot be read ({getattr(error, 'strerror', None) or error}); remove it")
    if not isinstance(settings, dict):
        _refuse(f"{file} must hold settings by name, and holds {settings!r:.50}; remove it")
    return str(file), settings


def _check_backend(backend, where: str) -> None:
    """Refuses a backend that the package does not run on or that is not installed."""
    from importlib.util import find_spec

    if backend not in BACKENDS:
        _refuse(f"{where} must be one of {', '.join(BACKENDS)}. Received: {backend!r}")
    if find_spec(backend) is None:
        _refuse(f"{where} is {backend}, which is not installed: pip install it")


def _refuse(problem: str) -> NoReturn:
    print(f"error: {problem}.", file=sys.stderr)
    sys.exit(USAGE)


def _choose_onednn() -> None:
    """Convolutions by oneDNN on every x86 processor.

    TensorFlow leaves it off on those without instructions for 8-bit networks (AVX-512 VNNI, AMX),
    where it trains half as fast again.
    """
    if platform.machine().lower() in ("x86_64", "amd64"):
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def _load_quietly() -> None:
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") == "0":
        return
    # What its libraries log while they are loaded heeds no level.
    stderr = os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    os.close(nothing)
    try:
        import keras  # noqa: F401
        import tensorflow
        from absl import logging
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
    logging.set_verbosity(logging.ERROR)
    tensorflow.get_logger().setLevel("ERROR")
