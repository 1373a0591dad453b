"""The server of one model."""

import socket
from importlib.util import find_spec

from ras_keras.errors import UserError, first_line


def check_installed() -> None:
    """Refuses to serve where the extra `serve` is missing.

    Raises:
        UserError: naming the command that installs it.
    """
    for name in ("starlette", "uvicorn"):
        if find_spec(name) is None:
            raise UserError(
                f"serving needs {name}, which the extra serve brings: pip install -e '.[serve]'."
            )


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; connections wait until the server takes them.

    Args:
        host: the address or name to listen on.
        port: its port, 0 for a free one.

    Raises:
        UserError: if it is taken or there is no such address.
    """
    if not 0 <= port <= 65535:
        raise UserError(f"--port must be in 0..65535, 0 for a free one. Received: {port}")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except (OSError, UnicodeError) as error:
        # create_server puts the address behind the reason.
        reason = first_line(getattr(error, "strerror", None) or error).partition(" (while")[0]
        raise UserError(
            f"--host {host} --port {port}: {reason}; choose another --port, 0 for a free one, or "
            "another --host."
        ) from error


def address(listener: socket.socket) -> str:
    """The URL of what listens."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app, listener: socket.socket) -> None:
    """Serves until a signal ends it, which it raises again."""
    import uvicorn

    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        # More wait at the door, so that their images fill no memory.
        limit_concurrency=64,
        timeout_graceful_shutdown=5,
    )
    uvicorn.Server(config).run(sockets=[listener])
