"""keras-tuner's three variables: who this process is, and where the chief is."""

import os
import socket

from ras_keras.errors import UserError

TUNER_ID, ORACLE_IP, ORACLE_PORT = ADDRESS = (
    "KERASTUNER_TUNER_ID",
    "KERASTUNER_ORACLE_IP",
    "KERASTUNER_ORACLE_PORT",
)
# The process that started a worker, and is its chief.
PARENT = "RAS_KERAS_PARENT"


def is_set() -> bool:
    """Whether this process is one of several that search together."""
    return bool(os.environ.get(ORACLE_IP))


def is_chief() -> bool:
    return is_set() and "chief" in os.environ[TUNER_ID]


def is_worker() -> bool:
    return is_set() and not is_chief()


def is_local_worker() -> bool:
    """Whether the chief is the process that started this one."""
    return PARENT in os.environ


def check() -> None:
    """Refuses variables that keras-tuner could do nothing with.

    Raises:
        UserError: naming the variable.
    """
    given = [name for name in ADDRESS if os.environ.get(name)]
    missing = [name for name in ADDRESS if name not in given]
    if given and missing:
        raise UserError(
            f"{given[0]} is set and {missing[0]} is not; set all of {', '.join(ADDRESS)} to search "
            "on several machines, or none."
        )
    if not given:
        return
    port = os.environ[ORACLE_PORT]
    if not port.isdecimal() or not 0 < int(port) < 2**16:
        raise UserError(f"{ORACLE_PORT} must be a port, 1 to 65535. Received: {port!r}")
    if is_chief():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((os.environ[ORACLE_IP], int(port)))
            except OSError as error:
                raise UserError(
                    f"{ORACLE_IP} {os.environ[ORACLE_IP]}, {ORACLE_PORT} {port}: the chief cannot "
                    f"listen there ({error.strerror or error}); name an address of this machine "
                    "and a free port."
                ) from error
