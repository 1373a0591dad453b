"""The page and its API, as a Starlette application."""

import html
from pathlib import Path
from string import Template

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from ras_keras.deploy.predictor import Predictor
from ras_keras.errors import UserError
from ras_keras.serving.answer import Answerer

MAXIMUM_UPLOAD = 20_000_000
TOP = 5
PAGE = Path(__file__).with_name("page.html")
# The page needs nothing from elsewhere, and whatever a name smuggles in gets nothing either.
POLICY = (
    "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'"
)
TOO_LARGE = f"this file is larger than the {MAXIMUM_UPLOAD // 10**6} MB that are read."


def make_app(answerer: Answerer) -> Starlette:
    """An application of two routes.

    GET / is the page. POST /predict takes the bytes of an image's file and gives the JSON of
    `Answerer`; ?top=N names more or fewer classes than 5, ?pictures=yes adds the pictures. What
    cannot be answered is {"error": a sentence} with a status from 400 on.
    """
    page = _page(answerer.predictor)

    async def show(request: Request):
        return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})

    async def predict(request: Request):
        top = request.query_params.get("top", str(TOP))
        if not (top.isascii() and top.isdigit() and len(top) < 10 and int(top) > 0):
            raise HTTPException(400, f"top must be an integer >= 1. Received: {top[:80]!r}")
        pictures = request.query_params.get("pictures", "no")
        if pictures not in ("yes", "no"):
            raise HTTPException(400, f"pictures must be yes or no. Received: {pictures[:80]!r}")
        data = await _body(request)
        return JSONResponse(
            await run_in_threadpool(answerer, data, min(int(top), 10**6), pictures == "yes")
        )

    return Starlette(
        routes=[Route("/", show), Route("/predict", predict, methods=["POST"])],
        exception_handlers={
            HTTPException: lambda _, error: _refuse(error.status_code, error.detail),
            UserError: lambda _, error: _refuse(400, str(error)),
            # Nobody is there to read it.
            ClientDisconnect: lambda *_: _refuse(400, "the image did not arrive"),
            # The server itself prints what happened.
            Exception: lambda *_: _refuse(500, "the server failed; its terminal says why"),
        },
    )


async def _body(request) -> bytes:
    """The body; of one that is too long the rest is read, so that the answer arrives, not kept."""
    data = bytearray()
    async for part in request.stream():
        if len(data) <= MAXIMUM_UPLOAD:
            data += part
    if len(data) > MAXIMUM_UPLOAD:
        raise HTTPException(413, TOO_LARGE)
    return bytes(data)


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


def _refuse(status, message):
    return JSONResponse({"error": message}, status)
