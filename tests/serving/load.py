"""Load of many kinds on a server of this machine, measured from outside; run by hand.

    python tests/serving/load.py MODEL [--requests 2000]

starts `scripts/serve.py MODEL`, asks it in four ways one after the other, and prints of each what
was answered, in what time, and the most memory of the server over what it has when it begins:

    clients    200 clients that each ask again and again for a 32x32 image
    slow       the same, beside 50 that send their bodies a few bytes at a time and come again
    large      ten pictures of 64 megapixels, and one 32x32 image behind them
    many       40 pictures of 64 megapixels at once

Every way is bounded in requests and in time. POSIX and Windows, by psutil.
"""

import argparse
import asyncio
import io
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

ROOT = Path(__file__).parents[2]
CLIENTS = 200
SLOW = 50
SECONDS = 300


def encoded(width, height, form="PNG", **options):
    stream = io.BytesIO()
    small = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype="uint8")
    Image.fromarray(small).resize((width, height), 0).save(stream, form, **options)
    return stream.getvalue()


class Memory:
    """The most memory of a process while the context lasts, in MB over what it had."""

    def __init__(self, process, before):
        self.process, self.before, self.most, self.stop = process, before, 0, threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.stop.set()
        self.thread.join()

    def _watch(self):
        while not self.stop.wait(0.01):
            self.most = max(self.most, self.process.memory_info().rss)

    @property
    def megabytes(self):
        return (self.most - self.before) / 1e6


async def ask(port, body, query=""):
    """Status and seconds of one request on a connection of its own."""
    start = time.perf_counter()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            head = f"POST /predict{query} HTTP/1.1\r\nHost: localhost:{port}\r\n"
            writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode())
            writer.write(body)
            await writer.drain()
            answer = await reader.read()
        finally:
            writer.close()
        status = int(answer.split(maxsplit=2)[1]) if answer else 0
    except OSError as error:
        status = type(error).__name__
    return status, time.perf_counter() - start


async def client(port, body, left, results):
    while left:
        left.pop()
        results.append(await ask(port, body))


async def slow_client(port, stop):
    """Sends the start of a large body and then a few bytes a second, and comes again."""
    while not stop.is_set():
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 19000000\r\n\r\n"
            writer.write(head.encode() + bytes(100_000))
            answer = asyncio.ensure_future(reader.read())
            while not stop.is_set() and not answer.done():
                writer.write(b"x" * 10)
                await asyncio.wait({answer}, timeout=0.5)
            writer.close()
            await answer
        except OSError:
            await asyncio.sleep(0.1)


async def clients(port, requests, slow=0):
    body, stop, results = encoded(32, 32), asyncio.Event(), []
    slow_ones = [asyncio.create_task(slow_client(port, stop)) for _ in range(slow)]
    await asyncio.sleep(3 if slow else 0)
    left = list(range(requests))
    start = time.perf_counter()
    await asyncio.gather(*(client(port, body, left, results) for _ in range(CLIENTS)))
    seconds = time.perf_counter() - start
    stop.set()
    await asyncio.gather(*slow_ones, return_exceptions=True)
    times = sorted(each for status, each in results if status == 200)
    return (
        f"{len(times) / seconds:.0f} images/s, median {np.median(times):.2f} s, 99th percentile "
        f"{np.percentile(times, 99):.2f} s, {told(results)}"
    )


async def large(port, pictures, small):
    asked = [asyncio.create_task(ask(port, picture)) for picture in pictures]
    lines = []
    if small:
        await asyncio.sleep(1)
        for query in ("", "?pictures=yes"):
            status, seconds = await ask(port, encoded(32, 32), query)
            lines.append(f"32x32{query} {status} in {seconds:.2f} s")
    results = await asyncio.gather(*asked)
    last = max(seconds for _, seconds in results)
    return ", ".join([*lines, f"large {told(results)}, the last in {last:.0f} s"])


def told(results):
    counts = Counter(status for status, _ in results)
    return ", ".join(f"{count} x {status}" for status, count in counts.items())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--requests", type=int, default=2000)
    options = parser.parse_args()
    forms = (
        ("PNG", {"compress_level": 1}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True, "subsampling": 0}),
        ("WEBP", {"method": 0}),
        ("GIF", {}),
    )
    pictures = [encoded(8000, 8000, form, **more) for form, more in forms]
    server = subprocess.Popen(
        [sys.executable, ROOT / "scripts/serve.py", options.model, "--port", "0"],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        lines = dict(server.stdout.readline().split(maxsplit=1) for _ in range(4))
        port = int(lines["page"].rstrip().rpartition(":")[2])
        process = psutil.Process(server.pid)
        before = process.memory_info().rss
        print(f"loaded  {before / 1e6:.0f} MB")
        for name, work in (
            ("clients", lambda: clients(port, options.requests)),
            ("slow", lambda: clients(port, options.requests, SLOW)),
            ("large", lambda: large(port, 2 * pictures, small=True)),
            ("many", lambda: large(port, 8 * pictures, small=False)),
        ):
            with Memory(process, before) as memory:
                text = asyncio.run(asyncio.wait_for(work(), SECONDS))
            print(f"{name:7} {text}; +{memory.megabytes:.0f} MB", flush=True)
    finally:
        server.terminate()
        server.wait(timeout=60)


if __name__ == "__main__":
    main()
