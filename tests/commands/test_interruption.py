import os
import signal
import time

import pytest

from ras_keras.commands.interruption import interruptible, leaving_at_once


class Swallowing:
    """Python swallows what its destructor raises."""

    def __del__(self):
        signal.raise_signal(signal.SIGTERM)


def test_a_swallowed_interrupt_comes_again(capsys):
    before = signal.getsignal(signal.SIGINT)
    with interruptible() as received:
        with pytest.raises(KeyboardInterrupt, match="SIGTERM"):
            made = Swallowing()
            del made
            for _ in range(500):
                time.sleep(0.01)
        assert received() == "SIGTERM"
    assert capsys.readouterr().err == ""
    assert signal.getsignal(signal.SIGINT) is before


def test_leaving_at_once(monkeypatch, capsys):
    cleaned = []

    def leave(code):
        raise SystemExit(code)

    def clean_up():
        cleaned.append(True)
        return "; go on"

    monkeypatch.setattr(os, "_exit", leave)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as leaving, leaving_at_once(clean_up):
        signal.raise_signal(signal.SIGINT)
    assert leaving.value.code == 130
    assert cleaned == [True]
    assert capsys.readouterr().err == "\nstopped by SIGINT; go on\n"
    assert signal.getsignal(signal.SIGTERM) is before
