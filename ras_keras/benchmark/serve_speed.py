"""How many images a server answers to clients on the same machine."""

import contextlib
import http.client
import io
import itertools
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from ras_keras.benchmark.machine import machine
from ras_keras.benchmark.networks.speed import network_columns, scattered
from ras_keras.errors import UserError, first_line
from ras_keras.recipes.recipe import Recipe

# Requests of each client that are not counted.
FIRST = 5
POLL_SECONDS = 0.5


def serve_rows(
    recipes: Sequence[Recipe],
    classes: int,
    commands: dict[str, Callable[[Path], list[str]]],
    clients: int,
    requests: int,
) -> list[dict]:
    """Measures a server of each network in each runtime; a row for each, as `columns` says.

    Args:
        recipes: resolved, in float32.
        classes: of the classifiers.
        commands: by runtime, from a model's file to the arguments of Python that serve it.
        clients: that ask at a time, each with one image a request.
        requests: of all clients together.
    """
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for number, recipe in enumerate(recipes):
            file = Path(folder, f"{number}.keras")
            scattered(recipe, classes).save(file)
            image = _png(recipe.data.image_size or 32)
            for runtime, command in commands.items():
                with _server(command(file), Path(folder)) as port:
                    seconds, latencies = _asked(port, image, clients, requests)
                rows.append(
                    network_columns(recipe, classes)
                    | {"runtime": runtime, "clients": clients, "requests": len(latencies)}
                    | {"images_per_second": float(f"{len(latencies) / seconds:.4g}")}
                    | {
                        f"latency_{name}": float(f"{1000 * np.percentile(latencies, share):.3g}")
                        for name, share in (("median", 50), ("p99", 99))
                    }
                    | machine()
                )
    return rows


def _png(side: int) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), "uint8")
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


@contextlib.contextmanager
def _server(arguments: Sequence[str], cache: Path) -> Iterator[int]:
    """The port of a server with a cache folder of its own, which ends on leaving."""
    environment = {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "XDG_CACHE_HOME": str(cache),
    }
    command, pipe = [sys.executable, *arguments], subprocess.PIPE
    with (
        tempfile.TemporaryFile("w+", errors="replace") as errors,
        subprocess.Popen(
            command, env=environment, stdout=pipe, stderr=errors, text=True
        ) as process,
        ThreadPoolExecutor(1) as reader,
    ):
        try:
            for line in process.stdout:
                name, _, text = line.partition(" ")
                if name == "page":
                    # A pipe that nobody reads would stop the server when it is full.
                    reader.submit(process.stdout.read)
                    yield int(text.strip().rpartition(":")[2])
                    return
            process.wait()
            errors.seek(0)
            raise UserError(f"the server did not begin: {errors.read().strip()[-500:]}")
        finally:
            process.kill()


def _asked(port: int, image: bytes, clients: int, requests: int) -> tuple[float, list[float]]:
    """Seconds that clients asked for, and those that each answer took."""
    turns = itertools.count()
    latencies: list[float] = []
    begin = threading.Barrier(clients + 1)

    def client():
        asked = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        with contextlib.closing(asked) as connection:
            try:
                for _ in range(FIRST):
                    _ask(connection, image)
            except BaseException:
                begin.abort()
                raise
            begin.wait()
            while next(turns) < requests:
                began = time.perf_counter()
                _ask(connection, image)
                latencies.append(time.perf_counter() - began)

    with (
        ThreadPoolExecutor(clients) as threads,
        tqdm(total=requests, desc="asking", unit="image", leave=False) as bar,
    ):
        asking = [threads.submit(client) for _ in range(clients)]
        with contextlib.suppress(threading.BrokenBarrierError):
            begin.wait()
        began = time.perf_counter()
        while wait(asking, POLL_SECONDS).not_done:
            bar.update(len(latencies) - bar.n)
        seconds = time.perf_counter() - began
    problems = [each.exception() for each in asking if each.exception()]
    # Those that waited for one that failed are told so.
    problems.sort(key=lambda problem: isinstance(problem, threading.BrokenBarrierError))
    if problems:
        raise UserError(f"a client failed: {first_line(problems[0])}") from problems[0]
    return seconds, latencies


def _ask(connection, image):
    connection.request("POST", "/predict", image, {"Host": "localhost"})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise UserError(f"the server answered {answer.status}: {text[:200]!r}")
