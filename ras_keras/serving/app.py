"""The page and its API, as a Starlette application."""

import asyncio
import html
from collections.abc import Coroutine
from pathlib import Path
from string import Template

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from ras_keras.errors import UserError
from ras_keras.inference.predictor import Predictor
from ras_keras.serving.answer import Answerer
from ras_keras.serving.batches import Batches
from ras_keras.serving.busy import Busy
from ras_keras.serving.forms import image_of
from ras_keras.serving.hosts import HostCheck, allowed_names
from ras_keras.serving.turns import QUICK, Turns
from ras_keras.serving.uploads import MAXIMUM_UPLOAD, TOO_LARGE, Uploads

TOP = 5
# Of work, a byte of a file that nobody has looked at.
SECONDS_A_BYTE = 4e-9
SECONDS_OF_PICTURES = 1
PAGE = Path(__file__).with_name("page.html")
# The page needs nothing from elsewhere, and whatever a name smuggles in gets nothing either.
POLICY = (
    "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def make_app(
    answerer: Answerer,
    names: frozenset[str] | None = None,
    uploads: Uploads | None = None,
    turns: Turns | None = None,
    batches: Batches | None = None,
) -> Starlette:
    """An application of three routes.

    GET / is the page. POST /predict takes the bytes of an image's file, or a form with one, and
    gives the JSON of `Answerer`; ?top=N names more or fewer classes than 5, ?pictures=yes adds the
    pictures. GET /health is {"status": "ok"}. What cannot be answered is {"error": a sentence}
    with a status from 400 on, 503 with Retry-After if it can be later.

    Args:
        answerer: gives the answers.
        names: of hosts that are let in beside IP addresses; None for localhost and this machine.
        uploads: receives images; None for a new one.
        turns: the queue in which they are answered; None for a new one.
        batches: predicts them; None for new ones.
    """
    page = _page(answerer.predictor)
    names = allowed_names("localhost") if names is None else names
    uploads, turns = uploads or Uploads(), turns or Turns()
    batches = batches or Batches(answerer.predict, answerer.batch)

    async def show(request: Request):
        return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})

    async def tell_health(request: Request):
        return JSONResponse({"status": "ok"})

    async def predict(request: Request):
        top = request.query_params.get("top", str(TOP))
        if not (top.isascii() and top.isdigit() and len(top) < 10 and int(top) > 0):
            raise HTTPException(400, f"top must be an integer >= 1. Received: {top[:80]!r}")
        pictures = request.query_params.get("pictures", "no")
        if pictures not in ("yes", "no"):
            raise HTTPException(400, f"pictures must be yes or no. Received: {pictures[:80]!r}")
        kind = request.headers.get("content-type", "")
        count, drawn = min(int(top), 10**6), pictures == "yes"

        def look(body):
            data = image_of(body, kind)
            return data, answerer.seconds(data)

        async def answer(body):
            data, seconds = await turns.take(SECONDS_A_BYTE * len(body), lambda: look(body))
            large = seconds > QUICK
            if answerer.any_size or drawn:
                # Its own time decides who comes first; of what waits only the file is kept.
                seconds += SECONDS_OF_PICTURES * drawn
                return await turns.take(seconds, lambda: answerer(data, count, drawn), large)
            image = await turns.take(seconds, lambda: answerer.read(data, pictures=False), large)
            probabilities = await batches.probabilities(image.pixels)
            return answerer.answer(image, probabilities, count)

        async with uploads.body(request) as body:
            return JSONResponse(await _unless_gone(request, answer(body)))

    app = Starlette(
        routes=[
            Route("/", show),
            Route("/health", tell_health),
            Route("/predict", predict, methods=["POST"]),
        ],
        middleware=[Middleware(HostCheck, names)],
        exception_handlers={
            HTTPException: lambda _, error: _refuse(error.status_code, error.detail, error.headers),
            UserError: lambda _, error: _refuse(400, str(error)),
            Busy: lambda _, error: _refuse(
                503, str(error), {"Retry-After": str(error.retry_after)}
            ),
            # Nobody is there to read it.
            ClientDisconnect: lambda *_: _refuse(400, "the image did not arrive"),
            # The server itself prints what happened.
            Exception: lambda *_: _refuse(500, "the server failed; its terminal says why"),
        },
    )
    app.router.redirect_slashes = False
    return app


async def _unless_gone(request, work: Coroutine):
    """What `work` returns; it is cancelled when whoever asked has left.

    Raises:
        ClientDisconnect: in that case.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done() and leaving.result()["type"] == "http.disconnect":
            raise ClientDisconnect
        return await working
    finally:
        working.cancel()
        leaving.cancel()


def _page(predictor: Predictor) -> str:
    height, width, channels = predictor.image_shape
    size = "images of any size" if None in (height, width) else f"images of {width}×{height}"
    facts = {
        "model": str(predictor.path),
        "facts": f"{len(predictor.class_names)} classes, {size} in {channels} channel"
        f"{'s' if channels > 1 else ''}",
        "maximum": str(MAXIMUM_UPLOAD),
        "too_large": TOO_LARGE,
    }
    escaped = {name: html.escape(text) for name, text in facts.items()}
    return Template(PAGE.read_text(encoding="utf-8")).substitute(escaped)


def _refuse(status, message, headers=None):
    return JSONResponse({"error": message}, status, headers)
