"""Bodies of requests, received within a bound of memory and of time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request

from ras_keras.serving.busy import STOPPING, Busy

MAXIMUM_UPLOAD = 20_000_000
TOO_LARGE = f"this file is larger than the {MAXIMUM_UPLOAD // 10**6} MB that are read."
SECONDS = 30
# Of all bodies that are being received or wait for their answer.
ROOM = 100_000_000
# Every body has this much beside the room. Whoever sends it slower than in this many seconds
# gives way to those who wait for room.
PIECE = 65_536
SECONDS_A_PIECE = 2
# A megabyte more lets those pass that come within so many seconds.
PATIENCE_A_BYTE = 0.5e-6


@dataclass(eq=False)
class Upload:
    """A body that is being received.

    Attributes:
        limit: of its time.
        since: when its latest piece began.
        received: bytes.
        held: bytes of the room that are kept for it.
        asked: the bytes that it waits for, 0 if it does not wait.
        rank: of those who wait the least one is first.
        dropped: what is said to it, where it has to end early.
    """

    limit: asyncio.Timeout
    since: float
    received: int = 0
    held: int = 0
    asked: int = 0
    rank: float = 0
    dropped: Exception | None = None

    def drop(self, error: Exception) -> None:
        """Ends it, with what is to be said to it."""
        if self.dropped is None and not self.limit.expired():
            self.dropped = error
            self.limit.reschedule(0)


class Uploads:
    """All bodies that are being received, or are received and not answered.

    The first 64 KiB of a body are free, so that small images never wait for large ones; then all
    of its length is kept for it, since two that have half of what they need would wait for ever.
    """

    def __init__(self, room: int = ROOM):
        self.room = room
        self.uploads: set[Upload] = set()

    @contextlib.asynccontextmanager
    async def body(self, request: Request) -> AsyncIterator[bytes]:
        """The body of a request; its room is free again when the context ends.

        Of one that is refused the rest is read, so that the answer arrives, and not kept.

        Raises:
            HTTPException: 413 if it is too long, 408 if it takes longer than 30 s, or is slow
                while others wait.
            Busy: if there is no room for it for 30 s.
        """
        loop = asyncio.get_running_loop()
        upload = Upload(asyncio.timeout(SECONDS), loop.time())
        try:
            try:
                async with upload.limit:
                    self.uploads.add(upload)
                    data = await self._receive(upload, request)
            except TimeoutError:
                raise upload.dropped or HTTPException(
                    408, f"the image did not arrive within {SECONDS} s.", {"Connection": "close"}
                ) from None
            finally:
                self.uploads.discard(upload)
            yield data
        finally:
            self.room += upload.held

    def drop_slowest(self) -> bool:
        """Ends the body that is the slowest one, if there is one that is slow."""
        now = asyncio.get_running_loop().time()
        slow = [
            upload
            for upload in self.uploads
            if not upload.asked and upload.dropped is None and now - upload.since > SECONDS_A_PIECE
        ]
        if not slow:
            return False
        slowest = min(slow, key=lambda upload: upload.since)
        slowest.drop(
            HTTPException(
                408,
                "the image arrives too slowly while others wait; try again later.",
                {"Connection": "close"},
            )
        )
        return True

    def stop(self) -> None:
        """Ends all of them."""
        for upload in self.uploads:
            upload.drop(Busy(STOPPING))

    async def _receive(self, upload, request):
        length = request.headers.get("content-length")
        length = int(length) if length else None
        refusal: HTTPException | Busy | None = None
        if length is not None and length > MAXIMUM_UPLOAD:
            refusal = HTTPException(413, TOO_LARGE, {"Connection": "close"})
            if "expect" in request.headers:
                raise refusal
        parts = []
        async for part in request.stream():
            self._count(upload, len(part))
            if refusal is None and upload.received > MAXIMUM_UPLOAD:
                refusal = HTTPException(413, TOO_LARGE, {"Connection": "close"})
            if refusal is None and upload.received > PIECE and not upload.held:
                try:
                    await self._wait_for_room(upload, length or MAXIMUM_UPLOAD)
                except Busy as error:
                    refusal = error
            if refusal is None:
                parts.append(part)
            else:
                parts.clear()
                self._keep(upload, 0)
        if refusal is not None:
            raise refusal
        data = b"".join(parts)
        if upload.held:
            self._keep(upload, len(data))
        return data

    def _count(self, upload, size):
        if upload.received // PIECE != (upload.received + size) // PIECE:
            upload.since = asyncio.get_running_loop().time()
        upload.received += size

    def _keep(self, upload, size):
        """Keeps so much of the room for an upload."""
        self.room += upload.held - size
        upload.held = size

    async def _wait_for_room(self, upload, wanted):
        loop = asyncio.get_running_loop()
        start = loop.time()
        left = upload.limit.when() - start
        upload.asked, upload.rank = wanted, start + PATIENCE_A_BYTE * wanted
        # Waiting is not the client's fault.
        upload.limit.reschedule(start + 2 * SECONDS)
        try:
            while not self._is_next(upload):
                if loop.time() - start > SECONDS:
                    raise Busy("too many images are being received; try again later.", SECONDS)
                if upload.dropped is None:
                    self.drop_slowest()
                await asyncio.sleep(0.05)
            self._keep(upload, wanted)
        finally:
            upload.asked, upload.since = 0, loop.time()
            if upload.dropped is None and not upload.limit.expired():
                upload.limit.reschedule(loop.time() + left)

    def _is_next(self, upload):
        asking = [other for other in self.uploads if other.asked]
        return upload.asked <= self.room and upload is min(asking, key=lambda each: each.rank)
