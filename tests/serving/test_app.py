"""The server's queue, room, names and forms, without a network or a model of size."""

import asyncio
import io
import json
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image
from starlette.requests import Request

from ras_keras.errors import UserError
from ras_keras.inference.predictor import Predictor
from ras_keras.serving import turns as turns_module
from ras_keras.serving import uploads as uploads_module
from ras_keras.serving.answer import BATCH, Answerer
from ras_keras.serving.app import make_app
from ras_keras.serving.busy import Busy
from ras_keras.serving.forms import image_of
from ras_keras.serving.hosts import allowed_names
from ras_keras.serving.turns import Turns
from ras_keras.serving.uploads import MAXIMUM_UPLOAD, PIECE, Uploads


class Client:
    """One request to an application that no server runs, as ASGI messages."""

    def __init__(self, path="/predict", parts=(b"x",), method="POST", ends=True, **headers):
        path, _, query = path.partition("?")
        self.scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [
                (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
            ],
        }
        self.parts, self.ends = list(parts), ends
        self.sent = []
        self.left = asyncio.Event()

    async def receive(self):
        if self.parts:
            more = len(self.parts) > 1 or not self.ends
            return {"type": "http.request", "body": self.parts.pop(0), "more_body": more}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.sent.append(message)

    async def ask(self, app):
        await app(self.scope, self.receive, self.send)
        self.headers = {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}
        body = b"".join(message.get("body", b"") for message in self.sent[1:])
        return self.sent[0]["status"], body and json.loads(body)


class Parrot:
    """An answerer without a model: an image's first byte says how many seconds it takes."""

    any_size, batch, predict = True, 1, None

    def __init__(self):
        self.predictor = SimpleNamespace(path="m.keras", image_shape=(8, 8, 3), class_names=("a",))
        self.asked = []

    def seconds(self, data):
        return data[0]

    def __call__(self, data, top, pictures):
        self.asked.append(data)
        return {"said": data.decode("latin-1")}


def ask(app, *arguments, **headers):
    async def go():
        return await Client(*arguments, **headers).ask(app)

    return asyncio.run(go())


@pytest.fixture
def app():
    return make_app(Parrot(), allowed_names("box.lan", ["Bücher.example"]))


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8000",
        "localhost.",
        "127.0.0.1:8000",
        "192.168.1.7",
        "[::1]:8000",
        "[fe80::1]",
        "box.lan:80",
        "xn--bcher-kva.example",
        None,
    ],
)
def test_names_that_are_let_in(app, host):
    headers = {} if host is None else {"host": host}
    assert ask(app, "/health", method="GET", **headers) == (200, {"status": "ok"})
    assert ask(app, method="POST", **headers)[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example@127.0.0.1",
        "127.0.0.1:x",
        "[::1",
        "[evil]",
        "",
        "localhost, evil.example",
        "lo\u00e7alhost",
    ],
)
def test_names_that_are_not(app, host):
    for path, method in (("/", "GET"), ("/predict", "POST"), ("/other", "PUT")):
        headers = {"host": host, "x_forwarded_host": "localhost"}
        status, body = ask(app, path, method=method, **headers)
        assert (status, "--allow-host" in body["error"]) == (403, True)


def test_this_machine_is_let_in_by_its_name(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "Desk.corp.example")
    names = allowed_names("0.0.0.0")
    assert {"desk", "desk.local", "desk.corp.example", "localhost"} <= names
    for bad in ("http://a.example", "a.example:80", "", "*", "a b"):
        with pytest.raises(UserError, match="`allow_host`"):
            allowed_names("localhost", [bad])


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:8000", 200),
        ("https://xn--bcher-kva.example", 200),
        ("http://localhost:3000", 403),
        ("https://evil.example", 403),
        ("null", 403),
        ("http://[", 403),
    ],
)
def test_pages_of_others_send_nothing(app, origin, status):
    assert ask(app, host="localhost:8000", origin=origin)[0] == status
    assert ask(app, "/health", method="GET", host="localhost:8000", origin=origin)[0] == 200


def test_quick_work_passes_slow_work():
    async def go():
        turns, order, gate = Turns(), [], threading.Event()

        def slow():
            gate.wait(5)
            order.append("slow")

        waiting = [asyncio.create_task(turns.take(5, slow, large=True)) for _ in range(10)]
        await asyncio.sleep(0)
        await asyncio.gather(*(turns.take(0.01, lambda: order.append("quick")) for _ in range(3)))
        # Two seconds of work wait for the lane of the five, and pass nine of them.
        waiting.append(asyncio.create_task(turns.take(2, lambda: order.append("less"), large=True)))
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(*waiting)
        return order

    assert asyncio.run(go()) == 3 * ["quick"] + ["slow", "less"] + 9 * ["slow"]


def test_slow_work_is_not_passed_for_ever(monkeypatch):
    monkeypatch.setattr(turns_module, "PATIENCE", 0.05)

    async def go():
        turns, order, gate = Turns(), [], threading.Event()
        asked = []
        for seconds, work in (
            (1, lambda: gate.wait(5)),
            (2, lambda: order.append("slow")),
            (1, lambda: order.append("late")),
        ):
            asked.append(asyncio.create_task(turns.take(seconds, work, large=True)))
            await asyncio.sleep(0.1)
        gate.set()
        await asyncio.gather(*asked)
        return order

    assert asyncio.run(go()) == ["slow", "late"]


def test_a_full_queue_says_when_to_come_again(monkeypatch):
    monkeypatch.setattr(turns_module, "MAXIMUM_SECONDS", 6)

    async def go():
        turns, gate = Turns(), threading.Event()
        app = make_app(Parrot(), turns=turns)
        waiting = [
            asyncio.create_task(turns.take(7, lambda: gate.wait(5), large=True)) for _ in range(2)
        ]
        await asyncio.sleep(0)
        client = Client(parts=[b"\x08"])
        status, body = await client.ask(app)
        gate.set()
        await asyncio.gather(*waiting)
        return status, body["error"], client.headers["retry-after"]

    status, error, seconds = asyncio.run(go())
    assert (status, seconds) == (503, "7")
    assert "1 images wait already" in error


def test_who_has_left_is_not_answered():
    async def go():
        turns, gate, parrot = Turns(), threading.Event(), Parrot()
        app = make_app(parrot, turns=turns)
        blocking = asyncio.create_task(turns.take(9, lambda: gate.wait(5), large=True))
        clients = [Client(parts=[b"\x05 left"]), Client(parts=[b"\x05 stays"])]
        asked = [asyncio.create_task(client.ask(app)) for client in clients]
        await asyncio.sleep(0.1)
        assert len(turns.waiting) == 2
        clients[0].left.set()
        await asyncio.sleep(0.05)
        assert len(turns.waiting) == 1
        gate.set()
        await asyncio.gather(blocking, *asked)
        return parrot.asked

    assert asyncio.run(go()) == [b"\x05 stays"]


def test_work_that_fails_fails_for_who_asked():
    def fail():
        raise UserError("no")

    async def go():
        turns = Turns()
        for seconds in (0, 9):
            with pytest.raises(UserError, match="no"):
                await turns.take(seconds, fail)
        assert await turns.take(9, lambda: 3) == 3

    asyncio.run(go())


def test_bodies_wait_for_room_small_ones_do_not():
    async def go():
        uploads, order = Uploads(room=3 * PIECE), []

        async def upload(name, size, seconds=0.0):
            parts = [bytes(PIECE // 2)] * (2 * size // PIECE) or [bytes(size)]
            client = Client(parts=parts, content_length=str(size))
            async with uploads.body(Request(client.scope, client.receive)) as body:
                assert len(body) == size
                order.append(name)
                await asyncio.sleep(seconds)

        await asyncio.gather(
            upload("first", 3 * PIECE, 0.2), upload("second", 2 * PIECE), upload("small", 100)
        )
        return order, uploads.room

    assert asyncio.run(go()) == (["first", "small", "second"], 3 * PIECE)


def test_slow_bodies_give_way_and_end_in_time(monkeypatch):
    monkeypatch.setattr(uploads_module, "SECONDS_A_PIECE", 0.1)
    monkeypatch.setattr(uploads_module, "SECONDS", 0.6)

    async def go():
        uploads = Uploads(room=MAXIMUM_UPLOAD)
        app = make_app(Parrot(), uploads=uploads)
        slow = [Client(parts=4 * [bytes(PIECE)], ends=False) for _ in range(2)]
        asked = [asyncio.create_task(client.ask(app)) for client in slow]
        await asyncio.sleep(0.02)
        start = time.perf_counter()
        whole = await Client(parts=4 * [bytes(PIECE)]).ask(app)
        seconds = time.perf_counter() - start
        return whole, seconds, await asyncio.gather(*asked), uploads.room, slow[0].headers

    whole, seconds, slow, room, headers = asyncio.run(go())
    assert (whole[0], room) == (200, MAXIMUM_UPLOAD)
    assert seconds < 0.55
    assert {status for status, _ in slow} == {408}
    assert "too slowly while others wait" in slow[0][1]["error"]
    assert headers["connection"] == "close"


def test_a_body_without_room_for_long_is_told_so(monkeypatch):
    monkeypatch.setattr(uploads_module, "SECONDS", 0.1)
    client_app = make_app(Parrot(), uploads=Uploads(room=0))
    status, body = ask(client_app, parts=4 * [bytes(PIECE)])
    assert (status, "too many images are being received" in body["error"]) == (503, True)
    assert ask(client_app, parts=[bytes(PIECE)])[0] == 200


def test_bodies_that_are_too_long():
    uploads = Uploads()
    app = make_app(Parrot(), uploads=uploads)
    million = bytes(1_000_000)
    for headers in ({}, {"content_length": "21000000"}, {"content_length": "5"}):
        status, body = ask(app, parts=21 * [million], **headers)
        assert (status, "larger than the 20 MB" in body["error"]) == (413, True)
    # A client that asks first is told before it sends anything.
    status, _ = ask(app, parts=(), content_length="21000000", expect="100-continue")
    assert status == 413
    assert uploads.room == uploads_module.ROOM


def test_a_server_that_stops_ends_what_waits():
    async def go():
        uploads, turns, gate = Uploads(), Turns(), threading.Event()
        app = make_app(Parrot(), uploads=uploads, turns=turns)
        running = asyncio.create_task(turns.take(9, lambda: gate.wait(5), large=True))
        clients = [Client(ends=False), Client(parts=[b"\x09"])]
        asked = [asyncio.create_task(client.ask(app)) for client in clients]
        await asyncio.sleep(0.1)
        uploads.stop()
        turns.stop()
        answers = await asyncio.gather(*asked)
        gate.set()
        await running
        return answers

    for status, body in asyncio.run(go()):
        assert (status, body["error"]) == (503, "the server is being stopped.")


def form(*parts, boundary="b0", end="--"):
    lines = []
    for disposition, content in parts:
        lines.append(b"--" + boundary.encode())
        lines.append(b"Content-Disposition: form-data; " + disposition.encode())
        lines += [b"Content-Type: application/octet-stream", b"", content]
    return b"\r\n".join([*lines, f"--{boundary}{end}".encode(), b""])


def test_the_file_in_a_form():
    stream = io.BytesIO()
    Image.new("RGB", (5, 5)).save(stream, "PNG")
    data = stream.getvalue() + b"\r\n--b\r\n"
    kind = "multipart/form-data; boundary=b0"
    field, file = ('name="top"', b"3"), ('name="image"; filename="a.png"', data)
    assert image_of(form(field, file), kind) == data
    assert image_of(form(file), "MULTIPART/form-data; boundary=b0") == data
    for other in ("", "image/png", "application/x-www-form-urlencoded", "multi\u00e4part"):
        assert image_of(data, other) == data
    for body, its_kind, says in (
        (form(field), kind, "holds 0 files"),
        (form(file, file), kind, "holds 2 files"),
        (form(file)[:-20], kind, "is cut off"),
        (b"", kind, "is cut off"),
        (b"\xff" + form(file), kind, "is damaged"),
        (form(file), "multipart/form-data", "names no boundary"),
        (form(file), "multipart/form-data; boundary=" + "b" * 999, "is damaged"),
        (form(*30 * [field]), kind, "more than 20 fields"),
    ):
        with pytest.raises(UserError, match=says):
            image_of(body, its_kind)


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/health", "HEAD", 200),
        ("/predict", "OPTIONS", 405),
        ("/predict", "PUT", 405),
        ("/health/", "GET", 404),
        ("//", "GET", 404),
    ],
)
def test_methods(app, path, method, status):
    found, body = ask(app, path, method=method)
    assert found == status
    assert "error" in body or status == 200


def test_busy_is_within_a_minute():
    assert [Busy("", seconds).retry_after for seconds in (0, 2.4, 900)] == [1, 2, 60]


@pytest.mark.parametrize(
    ("side", "batch"), [(None, 1), (32, BATCH), (400, BATCH), (1024, 10), (4000, 1)]
)
def test_a_batch_is_of_so_many_bytes(side, batch):
    predictor = Predictor(Path("run/a.onnx"), (side, side, 3), ("a", "b"), predict=None)
    assert Answerer(predictor).batch == batch


def test_of_an_image_whose_pictures_wait_only_the_file_is_kept():
    """It is read, predicted and drawn in one turn; this one can do nothing else."""
    parrot = Parrot()
    parrot.any_size = False
    assert ask(make_app(parrot), "/predict?pictures=yes") == (200, {"said": "x"})
