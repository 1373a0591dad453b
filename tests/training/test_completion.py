"""Runs that are brought to their end from wherever they stand."""

import gc

import keras
import pytest

from ras_keras.errors import UserError
from ras_keras.recipes.starts import with_attention
from ras_keras.saving.loading import load_model
from ras_keras.training import RECIPES, Interrupted, evaluate, resolve, train_or_resume
from ras_keras.training.memory import released
from ras_keras.training.network import recipe_data

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("few_digits_in_module")]

QUICK = with_attention(RECIPES["quick"], "none")
RECIPE = resolve(QUICK.replace(depth=11, epochs=2, batch_size=64))


class StopInSecondEpoch(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            raise Interrupted("SIGINT")


def test_a_run_is_begun_and_gone_on_with_and_then_left_alone(tmp_path):
    path = tmp_path / "new" / "run"
    with pytest.raises(Interrupted):
        train_or_resume(RECIPE, path, callbacks=[StopInSecondEpoch()])
    assert not (path / "result.json").exists()
    result = train_or_resume(RECIPE, path)
    assert result["epochs"] == 2
    written = (path / "result.json").stat().st_mtime_ns
    assert train_or_resume(RECIPE, path) == result
    assert (path / "result.json").stat().st_mtime_ns == written
    (path / "best.keras").write_bytes(b"of another run")
    longer = train_or_resume(RECIPE.replace(epochs=3), path)
    assert longer["epochs"] == 3
    with released():
        found = evaluate(load_model(path / "best.keras"), recipe_data(RECIPE).test, 10, 64)
    assert found.accuracy == longer["best"]["test_accuracy"]
    assert not (path / ".lock").exists()
    with pytest.raises(UserError, match="seed 0 there, 1 here"):
        train_or_resume(RECIPE.replace(seed=1, epochs=3), path)
    with pytest.raises(UserError, match="epochs 3 there, 2 here"):
        train_or_resume(RECIPE, path)


def test_nothing_of_a_run_stays_in_memory(tmp_path):
    """Neither the network nor a graph, each of which takes 20 MB and more."""
    from tensorflow.python.framework.func_graph import FuncGraph

    def kept():
        # By type: to ask an object of others for its class may warn.
        return sum(issubclass(type(each), FuncGraph | keras.Model) for each in gc.get_objects())

    before = kept()
    train_or_resume(RECIPE.replace(epochs=1), tmp_path / "run", test=False)
    assert kept() == before
