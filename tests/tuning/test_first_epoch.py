"""How long a search takes, said after its first epoch."""

from ras_keras.tuning import trial
from ras_keras.tuning.trial import FirstEpoch


def test_it_is_said_once(monkeypatch, capsys):
    clock = iter((0.0, 2.0, 5.0))
    monkeypatch.setattr(trial.time, "perf_counter", lambda: next(clock))
    callback = FirstEpoch(30)
    callback.on_epoch_begin(0)
    callback.on_epoch_end(0)
    callback.on_epoch_begin(1)
    callback.on_epoch_end(1)
    assert capsys.readouterr().out == "search   about 60 s for all 30 epochs\n"
