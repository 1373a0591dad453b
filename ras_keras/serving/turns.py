"""A fair queue: whoever asks for little does not wait behind those who ask for much."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from ras_keras.serving.busy import STOPPING, Busy

# Seconds of work of what the first lane takes; what takes longer to decode is large.
QUICK = 0.1
# A second of work lets those pass that come within so many seconds.
PATIENCE = 10
MAXIMUM_WAITING = 256
MAXIMUM_SECONDS = 180


@dataclass(order=True)
class Turn:
    """Work that waits.

    Attributes:
        rank: the time at which it was asked for, later the more work it is.
        number: of equals, the order in which they came.
        seconds: of work, by estimate.
        large: whether it takes much memory.
        work: a function without arguments.
        result: a future.
    """

    rank: float
    number: int
    seconds: float = field(compare=False)
    large: bool = field(compare=False)
    work: Callable = field(compare=False)
    result: asyncio.Future = field(compare=False)


class Lane:
    """One thread, and the work that it takes.

    Args:
        order: from a turn to what the least of is the next one, None for what it does not take.
    """

    def __init__(self, order: Callable):
        self.order = order
        self.turn: Turn | None = None
        self.thread = ThreadPoolExecutor(1, "answers")

    def next_of(self, waiting: list[Turn]) -> Turn | None:
        taken = [turn for turn in waiting if self.order(turn) is not None]
        return min(taken, key=self.order, default=None)


class Turns:
    """Work in three lanes, for what is quick, for what is not large, and for anything.

    So at most one at a time is large, and neither it nor what is quick waits for the rest. In a
    lane the rank decides: what takes less passes what takes long, for a while, so that neither
    waits for ever. Work of which nobody awaits the result is never begun. Used from one event loop
    at a time.
    """

    def __init__(self):
        self.lanes = (
            Lane(lambda turn: None if turn.large or turn.seconds > QUICK else turn),
            Lane(lambda turn: None if turn.large else turn),
            Lane(lambda turn: (not turn.large, turn)),
        )
        self.waiting: list[Turn] = []
        self.numbers = itertools.count()

    async def take(self, seconds: float, work: Callable, large: bool = False):
        """Calls `work` in a thread, in its turn, and returns what it returns.

        Args:
            seconds: that it takes, by estimate.
            work: a function without arguments.
            large: whether it takes much memory.

        Raises:
            Busy: if too many wait already.
        """
        loop = asyncio.get_running_loop()
        turn = Turn(
            loop.time() + PATIENCE * seconds,
            next(self.numbers),
            seconds,
            large,
            work,
            loop.create_future(),
        )
        ahead = sum(other.seconds for other in self.waiting if other < turn)
        if len(self.waiting) >= MAXIMUM_WAITING or ahead > MAXIMUM_SECONDS:
            raise Busy(f"{len(self.waiting)} images wait already; try again later.", ahead)
        self.waiting.append(turn)
        self._begin(loop)
        try:
            return await turn.result
        finally:
            with contextlib.suppress(ValueError):
                self.waiting.remove(turn)

    def stop(self) -> None:
        """Turns away whoever waits."""
        for turn in self.waiting:
            if not turn.result.done():
                turn.result.set_exception(Busy(STOPPING))
        self.waiting.clear()

    def _begin(self, loop):
        for lane in self.lanes:
            if lane.turn is None:
                lane.turn = lane.next_of(self.waiting)
                if lane.turn is None:
                    continue
                self.waiting.remove(lane.turn)
                done = lane.thread.submit(lane.turn.work)
                done.add_done_callback(partial(tell, loop, self._end, lane))

    def _end(self, lane, done):
        result = lane.turn.result
        lane.turn = None
        # Those who asked may have left.
        if not result.done():
            error = done.exception()
            if error is None:
                result.set_result(done.result())
            else:
                result.set_exception(error)
        self._begin(asyncio.get_running_loop())


def tell(loop, function, *arguments):
    """Calls a function in a loop, from another thread."""
    # The loop may have ended before the work.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(function, *arguments)
