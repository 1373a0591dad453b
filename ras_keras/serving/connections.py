"""Connections of the server: how many, for how long, and what they leave unread."""

import asyncio
import json
from collections.abc import Iterable

import h11
from starlette.responses import JSONResponse
from uvicorn.protocols.http.h11_impl import H11Protocol

from ras_keras.serving.uploads import SECONDS, Uploads

# Each may hold 400 kB of what arrives, and takes one of the 1,024 files that a process may open.
MAXIMUM_CONNECTIONS = 320
# Beyond them, those that are told so.
MAXIMUM_REFUSED = 64
# Of answers, which wait for slow readers.
MAXIMUM_UNSENT = 64_000_000
# A new connection may take the place of one that has sent no request for so long.
SECONDS_TO_BEGIN = 1


class Connection(H11Protocol):
    """A connection that makes room for others while it asks for nothing.

    A protocol of uvicorn 0.40 and later, whose attributes `connections`, `cycle` and `conn` it
    reads.

    Args:
        uploads: of which the slowest one ends where there are too many connections.
    """

    def __init__(self, *arguments, uploads: Uploads, **options):
        super().__init__(*arguments, **options)
        self.uploads = uploads
        self.idle_since = self.loop.time()
        self.unsent = 0
        self.unsent_since = self.idle_since

    def connection_made(self, transport):
        super().connection_made(transport)
        if len(self.connections) > MAXIMUM_CONNECTIONS + MAXIMUM_REFUSED:
            transport.abort()
        elif len(self.connections) > MAXIMUM_CONNECTIONS and not self._make_place():
            self.app = _refuse

    @property
    def idle(self) -> bool:
        """Whether the head of a request is still to come."""
        return self.cycle is None or self.cycle.response_complete

    def on_response_complete(self):
        self.idle_since = self.loop.time()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        # The answer to what came before it may be under way.
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = json.dumps({"error": "this is no HTTP request that can be read."}).encode()
            headers = [
                ("Content-Type", "application/json"),
                ("Content-Length", str(len(body))),
                ("Connection", "close"),
            ]
            for event in (
                h11.Response(status_code=400, headers=headers, reason="Bad Request"),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event))
        self.transport.close()

    def _make_place(self):
        idle = [
            other
            for other in self.connections
            if isinstance(other, Connection)
            and other.idle
            and self.loop.time() - other.idle_since > SECONDS_TO_BEGIN
        ]
        if idle:
            min(idle, key=lambda other: other.idle_since).transport.abort()
        return bool(idle) or self.uploads.drop_slowest()


def sweep(connections: Iterable[asyncio.Protocol]) -> None:
    """Ends the connections that have sent no request, or read no answer, for 30 s.

    Of answers that are not read, more than 64 MB are not kept either.
    """
    now = asyncio.get_running_loop().time()
    ours = [each for each in connections if isinstance(each, Connection)]
    for each in ours:
        unsent = each.transport.get_write_buffer_size()
        if unsent < each.unsent or not each.unsent:
            each.unsent_since = now
        each.unsent = unsent
        if now - (each.idle_since if each.idle else each.unsent_since) > SECONDS:
            each.transport.abort()
    total = sum(each.unsent for each in ours)
    for each in sorted(ours, key=lambda each: each.unsent_since):
        if total > MAXIMUM_UNSENT and each.unsent:
            each.transport.abort()
            total -= each.unsent


async def _refuse(scope, receive, send):
    answer = JSONResponse(
        {"error": "too many connections are open; try again later."},
        503,
        {"Retry-After": "5", "Connection": "close"},
    )
    await answer(scope, receive, send)
