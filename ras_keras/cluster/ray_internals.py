"""What Ray does not publish and a quiet command needs; seen in Ray 2.60."""

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def without_messages() -> Iterator[None]:
    """Keeps Ray from printing that a worker died, which the command says itself."""
    from ray._private import worker

    before = worker._worker_logs_enabled
    worker._worker_logs_enabled = False
    try:
        yield
    finally:
        worker._worker_logs_enabled = before
