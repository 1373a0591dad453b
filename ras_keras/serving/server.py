"""The server of one model."""

import logging
import socket
from functools import partial
from typing import TYPE_CHECKING

from ras_keras.backend import imports
from ras_keras.errors import Argument, UserError, first_line

if TYPE_CHECKING:
    # These need the extra `serve`.
    from ras_keras.serving.batches import Batches
    from ras_keras.serving.turns import Turns
    from ras_keras.serving.uploads import Uploads


def check_installed() -> None:
    """Refuses to serve where the extra `serve` is missing.

    Raises:
        UserError: naming the command that installs it.
    """
    imports.check_installed("serving", ("starlette", "uvicorn", "python_multipart"), "serve")


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; connections wait until the server takes them.

    Args:
        host: the address or name to listen on.
        port: its port, 0 for a free one.

    Raises:
        UserError: if it is taken or there is no such address.
    """
    if not 0 <= port <= 65535:
        raise UserError(
            Argument("port"), f" must be in 0..65535, 0 for a free one. Received: {port}"
        )
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family)
    except (OSError, UnicodeError) as error:
        # create_server puts the address behind the reason.
        reason = first_line(getattr(error, "strerror", None) or error).partition(" (while")[0]
        raise UserError(
            Argument("host", host),
            " ",
            Argument("port", port),
            f": {reason}; choose another ",
            Argument("port"),
            ", 0 for a free one, or another ",
            Argument("host"),
            ".",
        ) from error
    # For the connections; asyncio does it for sockets that it makes. An answer in two parts would
    # otherwise wait until the first one is confirmed, which clients put off for 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def address(listener: socket.socket) -> str:
    """The URL of what listens."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def make_server(app, uploads: "Uploads", turns: "Turns", batches: "Batches"):
    """A uvicorn server within bounds, whose `run(sockets=[listener])` lasts until a signal.

    Args:
        app: of `make_app`.
        uploads: that are ended when the server stops.
        turns: likewise.
        batches: likewise.
    """
    import uvicorn

    from ras_keras.serving.connections import Connection, sweep

    class Server(uvicorn.Server):
        async def shutdown(self, sockets=None):
            # What is cut off now is no failure.
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)
            uploads.stop()
            turns.stop()
            batches.stop()
            await super().shutdown(sockets)

    async def tidy():
        sweep(server.server_state.connections)

    config = uvicorn.Config(
        app,
        # Annotated as a class, and only called.
        http=partial(Connection, uploads=uploads),  # type: ignore[arg-type]
        ws="none",
        lifespan="off",
        # What strangers send wrong is no failure of the server's.
        log_level="error",
        access_log=False,
        use_colors=False,
        proxy_headers=False,
        callback_notify=tidy,
        timeout_notify=1,
        timeout_graceful_shutdown=5,
    )
    server = Server(config)
    return server
