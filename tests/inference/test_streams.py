"""Batches in micro-batches over several streams."""

import threading

import numpy as np
import pytest

from ras_keras.errors import ArgumentError
from ras_keras.inference.execution_plan import PIXELS_A_CALL, ExecutionPlan
from ras_keras.inference.streams import Streams


def means(images):
    return images.mean(axis=(1, 2))


@pytest.mark.parametrize(
    ("count", "known", "sizes"),
    [
        (1, None, [1]),
        (2, None, [1, 1]),
        (9, None, [4, 5]),
        (20, None, [4, 8, 8]),
        (1, [8], [8]),
        (20, [8], [8, 8, 8]),
        (1, [1, 8], [1]),
        (4, [1, 8], [1] * 4),
        (12, [1, 8], [1] * 12),
        (15, [1, 8], [8, 8]),
        (20, [1, 8], [1] * 4 + [8, 8]),
        (32, [1, 8], [8] * 4),
    ],
)
def test_parts_and_their_order(count, known, sizes):
    """What takes each of two streams least is done: a call costs a fifth of an image."""
    given = []

    def run(images):
        given.append(len(images))
        assert images.dtype == np.float32
        return means(images)

    images = np.random.default_rng(0).integers(0, 256, (count, 2, 2, 3), "uint8")
    found = Streams([run, run], 8, known)(images)
    np.testing.assert_array_equal(found, means(images.astype("float32")))
    assert sorted(given) == sizes


def test_a_stream_runs_alone_and_two_run_at_a_time():
    both = threading.Barrier(2, timeout=10)

    def stream():
        mine = threading.Lock()

        def run(images):
            assert mine.acquire(blocking=False)
            both.wait()
            mine.release()
            return means(images)

        return run

    streams = Streams([stream(), stream()], 1)
    assert streams(np.zeros((6, 1, 1, 3))).shape == (6, 3)


def test_an_error_is_that_of_the_runtime():
    def run(images):
        raise ValueError("no memory")

    streams = Streams([run], 1)
    for _ in range(2):
        with pytest.raises(ValueError, match="no memory"):
            streams(np.zeros((3, 1, 1, 3)))


@pytest.mark.parametrize(
    ("plan", "size", "resolved"),
    [
        (ExecutionPlan(threads=4), (32, 32), (4, 1, 8)),
        (ExecutionPlan(threads=4), (224, 224), (4, 1, 1)),
        (ExecutionPlan(threads=4), (None, None), (4, 1, 1)),
        (ExecutionPlan(streams=2, threads=4), (64, 32), (2, 2, 4)),
        (ExecutionPlan(streams=3, micro_batch=7, threads=2), (32, 32), (3, 1, 7)),
    ],
)
def test_what_a_plan_leaves_open(plan, size, resolved):
    found = plan.resolved(*size)
    assert (found.streams, found.threads, found.micro_batch) == resolved
    assert PIXELS_A_CALL == 8 * 32 * 32


@pytest.mark.parametrize("name", ["streams", "micro_batch", "threads"])
def test_what_a_plan_cannot_be(name):
    with pytest.raises(ArgumentError, match=f"`{name}` must be an integer >= 1. .*{name}=0"):
        ExecutionPlan(**{name: 0})
