"""Ctrl-C and SIGTERM while a command runs."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator

INTERRUPTED = 130
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def signals_to(handler: Callable) -> Iterator[None]:
    """Gives both signals to a handler, and back to whom they belonged at the end.

    In a thread that is not the main one they stay where they are.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


@contextlib.contextmanager
def interruptible() -> Iterator[Callable[[], str | None]]:
    """Raises KeyboardInterrupt on a signal, again if it was swallowed.

    Yields:
        A function that returns the name of the signal which came, None if none did.
    """
    received: list[str] = []
    timers: list[threading.Timer] = []

    def interrupt(number, frame):
        received.append(signal.Signals(number).name)
        raise KeyboardInterrupt(received[-1])

    def again(unraisable):
        # Python swallows what is raised in a destructor or a callback.
        if issubclass(unraisable.exc_type, KeyboardInterrupt) and received:
            number = signal.Signals[received[-1]]
            timers.append(threading.Timer(0.05, signal.raise_signal, [number]))
            timers[-1].start()
        else:
            report(unraisable)

    report = sys.unraisablehook
    with signals_to(interrupt):
        sys.unraisablehook = again
        try:
            yield lambda: received[-1] if received else None
        finally:
            sys.unraisablehook = report
            # Whoever the signals then belong to has nothing to do with it.
            for timer in timers:
                timer.cancel()


@contextlib.contextmanager
def leaving_at_once(clean_up: Callable[[], str] = str) -> Iterator[None]:
    """Ends the process on a signal, where an exception may be swallowed by what is at work.

    Args:
        clean_up: called before; returns what the user is told behind "stopped by SIGINT".
    """

    def leave(number, frame):
        with contextlib.suppress(Exception):
            said = clean_up()
            print(f"\nstopped by {signal.Signals(number).name}{said}", file=sys.stderr, flush=True)
            sys.stdout.flush()
        os._exit(INTERRUPTED)

    with signals_to(leave):
        yield
