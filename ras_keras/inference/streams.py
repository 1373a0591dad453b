"""Batches in micro-batches over several streams, the results in order."""

import queue
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

# What a call costs, in images.
A_CALL = 0.2
Run = Callable[[np.ndarray], np.ndarray]


class Streams:
    """Runs a batch in parts, as many at a time as there are streams.

    Several threads may call it; what a stream runs, it runs alone.

    Args:
        runs: a function for each stream, from images, float32 (N, H, W, channels), to numbers,
            float32 (N, units).
        micro_batch: the most images that a stream is given at once.
        sizes: numbers of images that a stream can be given, smaller parts being filled up; None
            for any.
    """

    def __init__(self, runs: Sequence[Run], micro_batch: int, sizes: Sequence[int] | None = None):
        self._count = len(runs)
        self._micro_batch = micro_batch
        self._sizes = sizes
        # The stream that ended last, whose memory is warm, comes first.
        self._idle: queue.LifoQueue[Run] = queue.LifoQueue()
        for run in runs:
            self._idle.put(run)
        self._threads = ThreadPoolExecutor(len(runs), "streams")

    def __call__(self, images: np.ndarray) -> np.ndarray:
        parts = self._parts(images)
        if len(parts) == 1:
            return self._run(parts[0])
        return np.concatenate(list(self._threads.map(self._run, parts)))

    def _parts(self, images) -> list[tuple[np.ndarray, int]]:
        """Images, and how many a stream is given in their place."""
        if self._sizes is None:
            # A small batch is for all streams too.
            size = max(1, min(self._micro_batch, -(-len(images) // self._count)))
            parts = _in_parts(images, size)
            return [(part, len(part)) for part in parts]
        largest = max(self._sizes)
        whole = len(images) // (largest * self._count) * largest * self._count
        rest = min(self._sizes, key=lambda size: self._cost(len(images) - whole, size))
        return [
            *((part, largest) for part in _in_parts(images[:whole], largest)),
            *((part, rest) for part in _in_parts(images[whole:], rest)),
        ]

    def _cost(self, count, size):
        """Of so many images in parts of a size: the longest that a stream takes, in images."""
        parts = -(-count // size)
        return -(-parts // self._count) * (size + A_CALL)

    def _run(self, part):
        images, size = part
        run = self._idle.get()
        try:
            found = run(filled(np.asarray(images, "float32"), size))
            return np.asarray(found)[: len(images)]
        finally:
            self._idle.put(run)


def _in_parts(images, size):
    return [images[start : start + size] for start in range(0, len(images), size)]


def filled(images: np.ndarray, count: int) -> np.ndarray:
    """So many images, of which those behind the given ones are not looked at."""
    missing = count - len(images)
    return np.concatenate([images, np.repeat(images[:1], missing, axis=0)]) if missing else images
