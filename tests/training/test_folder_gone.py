"""A run folder that is gone before the first epoch ends, and comes back."""

import keras
import pytest

from ras_keras.errors import UserError
from ras_keras.training import RECIPES, RunFolder, resolve, train


class Moves(keras.callbacks.Callback):
    """Renames the run folder once it has begun."""

    def __init__(self, run, away):
        super().__init__()
        self.run, self.away = run, away

    def on_train_begin(self, logs=None):
        self.run.path.rename(self.away)


@pytest.mark.slow
def test_it_is_missed_though_tensorboard_makes_another(few_digits, tmp_path):
    recipe = resolve(RECIPES["quick"].replace(depth=11, epochs=1, batch_size=16))
    run, away = RunFolder(tmp_path / "run"), tmp_path / "away"
    run.path.mkdir()
    run.begin(recipe)
    with pytest.raises(UserError, match="run is gone"):
        train(recipe, run, callbacks=[Moves(run, away)])
    assert not run.file("metrics.csv").exists()
    if run.path.exists():
        run.path.rename(tmp_path / "left")
    away.rename(run.path)
    assert train(recipe, run, resume=True)["epochs"] == 1
