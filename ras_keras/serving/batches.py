"""Images of several requests, predicted together."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from ras_keras.serving.busy import STOPPING, Busy
from ras_keras.serving.turns import MAXIMUM_WAITING, tell

# Bytes of waiting images from which on no other one is taken.
ROOM = 64_000_000


class Batches:
    """Predicts one batch at a time; what comes meanwhile is the next one, so that none waits idly.

    Used from one event loop at a time. An image that nobody waits for any more is left out.

    Args:
        predict: from images of one size, uint8 (N, H, W, channels), to probabilities (N, classes).
        most: images of a batch.
    """

    def __init__(self, predict: Callable[[np.ndarray], np.ndarray], most: int):
        self._predict = predict
        self._most = most
        self._waiting: deque[tuple[np.ndarray, asyncio.Future]] = deque()
        self._thread = ThreadPoolExecutor(1, "predictions")
        self._busy = False

    async def probabilities(self, pixels: np.ndarray) -> np.ndarray:
        """Of one image: uint8 (H, W, channels) to (classes,).

        Raises:
            Busy: if too many wait already.
        """
        loop = asyncio.get_running_loop()
        self._drop_gone()
        held = sum(image.nbytes for image, _ in self._waiting)
        if len(self._waiting) >= MAXIMUM_WAITING or held >= ROOM:
            raise Busy(f"{len(self._waiting)} images wait already; try again later.")
        result = loop.create_future()
        self._waiting.append((pixels, result))
        self._begin(loop)
        return await result

    def stop(self) -> None:
        """Turns away whoever waits."""
        for _, result in self._waiting:
            if not result.done():
                result.set_exception(Busy(STOPPING))
        self._waiting.clear()

    def _begin(self, loop):
        if self._busy:
            return
        self._drop_gone()
        batch = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
        if batch:
            done = self._thread.submit(self._predict_all, [pixels for pixels, _ in batch])
            self._busy = True
            done.add_done_callback(partial(tell, loop, self._end, batch))

    def _drop_gone(self):
        """Drops the images that nobody waits for any more."""
        self._waiting = deque(each for each in self._waiting if not each[1].done())

    def _predict_all(self, images):
        # In the thread, so that a lack of memory is an error of the batch.
        return self._predict(np.stack(images))

    def _end(self, batch, done):
        self._busy = False
        error = done.exception()
        for number, (_, result) in enumerate(batch):
            if result.done():
                continue
            if error is None:
                result.set_result(done.result()[number])
            else:
                result.set_exception(error)
        self._begin(asyncio.get_running_loop())
