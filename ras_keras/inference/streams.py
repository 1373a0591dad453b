"""Batches in micro-batches over several streams, the results in order."""

import queue
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

Run = Callable[[np.ndarray], np.ndarray]


class Streams:
    """Runs a batch in parts, as many at a time as there are streams.

    Several threads may call it; what a stream runs, it runs alone.

    Args:
        runs: a function for each stream, from images, float32 (N, H, W, channels), to numbers,
            float32 (N, units).
        micro_batch: the most images that a stream is given at once.
        fixed: whether it must be as many, so that smaller parts are filled up.
    """

    def __init__(self, runs: Sequence[Run], micro_batch: int, fixed: bool = False):
        self._count = len(runs)
        self._micro_batch = micro_batch
        self._fixed = fixed
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

    def _parts(self, images):
        size = self._micro_batch
        if not self._fixed:
            # A small batch is for all streams too.
            size = max(1, min(size, -(-len(images) // self._count)))
        return [images[start : start + size] for start in range(0, len(images), size)]

    def _run(self, images):
        count = len(images)
        if self._fixed:
            images = filled(images, self._micro_batch)
        run = self._idle.get()
        try:
            return np.asarray(run(np.asarray(images, "float32")))[:count]
        finally:
            self._idle.put(run)


def filled(images: np.ndarray, count: int) -> np.ndarray:
    """So many images, of which those behind the given ones are not looked at."""
    return np.concatenate([images, np.repeat(images[:1], count - len(images), axis=0)])
