"""The names that the server answers to, and the pages that may send it images."""

import ipaddress
import re
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse

from ras_keras.errors import Argument, UserError

AUTHORITY = re.compile(r"(?P<name>\[[^\[\]@/\s]+\]|[^\[\]:@/\s]+)(:\d*)?")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def allowed_names(host: str, others: Iterable[str] = ()) -> frozenset[str]:
    """The names that are let in, beside every IP address.

    They are localhost, the name of this machine and what a local network makes of it, the name
    that is listened on, and others.

    Args:
        host: the address or name that is listened on.
        others: the values of `--allow-host`.

    Raises:
        UserError: naming one of the others that is no name of a host.
    """
    machine = socket.gethostname().lower().rstrip(".")
    names = {"localhost", machine, machine.partition(".")[0], machine.partition(".")[0] + ".local"}
    names.add(host.lower().rstrip("."))
    for other in others:
        try:
            name = other.encode("idna").decode().lower().rstrip(".")
        except UnicodeError:
            name = ""
        if not re.fullmatch(r"[a-z0-9._-]+", name):
            raise UserError(
                Argument("allow_host"),
                f" {other!r} is no name of a host; write it as in example.org, without http:// "
                "and without a port.",
            )
        names.add(name)
    return frozenset(names - {""})


class HostCheck:
    """Answers only requests that were meant for this server.

    A page of a stranger can give its own name the address of this machine (DNS rebinding), and
    send forms here: the first shows in the Host header, the second in the Origin header.

    Args:
        app: an ASGI application.
        names: that are let in; IP addresses are as well, and requests without a Host header,
            which browsers do not make.
    """

    def __init__(self, app, names: frozenset[str]):
        self.app = app
        self.names = names

    async def __call__(self, scope, receive, send):
        refusal = self._refusal(scope["method"], Headers(scope=scope))
        if refusal is None:
            await self.app(scope, receive, send)
        else:
            # Of what follows, nothing is read.
            answer = JSONResponse({"error": refusal}, 403, {"Connection": "close"})
            await answer(scope, receive, send)

    def _refusal(self, method, headers):
        host, origin = headers.get("host"), headers.get("origin")
        if host is not None:
            name = _name(host)
            if name is None or not (name in self.names or _is_address(name)):
                return (
                    f"this server does not answer to the name {host[:80]!r}; start it with "
                    "--allow-host NAME to let a name in."
                )
        if origin is not None and method not in SAFE_METHODS:
            authority = _authority(origin)
            if authority != (host or "").lower() and _name(authority) not in self.names - {
                "localhost"
            }:
                return f"a page of {origin[:80]!r} may not send images to this server."
        return None


def _authority(origin):
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _name(authority):
    found = AUTHORITY.fullmatch(authority.lower())
    return found["name"].rstrip(".") if found else None


def _is_address(name):
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
