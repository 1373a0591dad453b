"""Room for the recursion in which Keras walks the graph of a deep network."""

import contextlib
import sys
import threading
from collections.abc import Iterator

# Python's own limit is 1,000. Keras needs a frame for each layer on the longest path, which has
# 1,500 in ResNet407 with attention.
FRAMES = 10_000


class _Limit:
    """The recursion limit of the process, raised while anything asks for it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.users = 0
        self.before = 0

    def raise_(self) -> None:
        with self.lock:
            if not self.users:
                self.before = sys.getrecursionlimit()
                sys.setrecursionlimit(max(self.before, FRAMES))
            self.users += 1

    def put_back(self) -> None:
        with self.lock:
            self.users -= 1
            if not self.users:
                sys.setrecursionlimit(self.before)


_LIMIT = _Limit()


@contextlib.contextmanager
def deep_graphs() -> Iterator[None]:
    """Raises Python's recursion limit to 10,000 frames, as a context or a decorator.

    Keras recurses once for each layer on the way from the input to the output where it makes a
    `keras.Model` of tensors: when a network is built, loaded, cloned or cut. Networks of more than
    about 900 layers in a row need the context: ResNet326 and 407 with attention, and ResNet245, of
    906 layers, where the caller's own stack is deep. What this package builds, loads and folds is
    within it already.

    The limit belongs to the whole process. It is put back when the last thread leaves.

        with ras_keras.deep_graphs():
            network = keras.saving.load_model("resnet407.keras")
    """
    _LIMIT.raise_()
    try:
        yield
    finally:
        _LIMIT.put_back()
