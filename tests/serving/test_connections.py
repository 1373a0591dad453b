"""Connections of a server that runs: what is slow, wrong or too much at the level of HTTP."""

import contextlib
import json
import socket
import threading
import time

import pytest

from ras_keras.serving import connections, server
from ras_keras.serving.app import make_app
from ras_keras.serving.batches import Batches
from ras_keras.serving.turns import Turns
from ras_keras.serving.uploads import Uploads
from tests.serving.test_app import Parrot


@contextlib.contextmanager
def running():
    """The port of a server without a model."""
    uploads, turns, batches = Uploads(), Turns(), Batches(None, 1)
    app = make_app(Parrot(), None, uploads, turns, batches)
    with server.listen("127.0.0.1", 0) as listener:
        made = server.make_server(app, uploads, turns, batches)
        thread = threading.Thread(target=made.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            made.should_exit = True
            thread.join(timeout=20)
            assert not thread.is_alive()


@pytest.fixture(scope="module")
def port():
    with running() as port:
        yield port


def send(port, data):
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(data)
    return connection


def read(connection):
    """Everything until the server closes."""
    with connection, contextlib.suppress(ConnectionResetError):
        return b"".join(iter(lambda: connection.recv(65536), b""))
    return b""


def said(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def request(path="/health", method="GET", body=b"", **headers):
    headers = {"Host": "localhost", "Connection": "close", **headers}
    if body:
        headers["Content-Length"] = str(len(body))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {text}" for name, text in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def test_http_of_all_kinds(port):
    for data, status in (
        (request(), 200),
        (b"GET /health HTTP/1.0\r\n\r\n", 200),
        (b"GET /health HTTP/1.0\r\nHost: evil.example\r\n\r\n", 403),
        (b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
        (b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", 400),
        (b"\x16\x03\x01 TLS\r\n\r\n", 400),
        (request("/predict", "POST", b"\x00a"), 200),
        (request("/predict", "POST", **{"Transfer-Encoding": "chunked"}) + b"zz\r\n", 400),
        (request("/predict", "POST", **{"Content-Length": "-1"}), 400),
        (request("/health", Upgrade="websocket", **{"Connection": "upgrade, close"}), 200),
    ):
        found, body = said(read(send(port, data)))
        assert found == status
        assert ("error" in body) == (status != 200)
    chunked = {"Transfer-Encoding": "chunked"}
    data = request("/predict", "POST", **chunked) + b"2\r\n\x00b\r\n1\r\nc\r\n0\r\n\r\n"
    assert said(read(send(port, data))) == (200, {"said": "\x00bc"})


def test_connections_that_ask_for_nothing_make_place(port, monkeypatch):
    monkeypatch.setattr(connections, "MAXIMUM_CONNECTIONS", 20)
    monkeypatch.setattr(connections, "SECONDS_TO_BEGIN", 0.05)
    silent = [send(port, b"GET /health HTTP/1.1\r\nX-Slow: ") for _ in range(20)]
    time.sleep(0.2)
    for _ in range(5):
        assert said(read(send(port, request()))) == (200, {"status": "ok"})
    for connection in silent:
        connection.close()


def test_too_many_that_are_at_work_are_told_so(port, monkeypatch):
    monkeypatch.setattr(connections, "MAXIMUM_CONNECTIONS", 0)
    answer = read(send(port, request()))
    status, body = said(answer)
    assert (status, "too many connections" in body["error"]) == (503, True)
    assert b"retry-after: 5" in answer.lower()


def test_who_begins_no_request_is_cut_off(port, monkeypatch):
    monkeypatch.setattr(connections, "SECONDS", 0.5)
    start = time.perf_counter()
    slow = [send(port, data) for data in (b"", b"GET / HTTP/1.1\r\nX: ", request()[:-2])]
    assert [read(connection) for connection in slow] == [b"", b"", b""]
    assert time.perf_counter() - start < 8


def test_an_answer_in_two_parts_does_not_wait_for_the_first_one(port):
    """Clients confirm what they have after 40 ms, unless they answer it."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        times = []
        for _ in range(9):
            began = time.perf_counter()
            connection.sendall(request(Connection="keep-alive"))
            answer = b""
            while not answer.endswith(b"}"):
                answer += connection.recv(65536)
            times.append(time.perf_counter() - began)
    assert sorted(times)[4] < 0.03
