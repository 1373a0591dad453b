"""Training on images that are read when a batch asks for them."""

import keras
import numpy as np
import pytest

from ras_keras.commands.line.flags import parse_with_recipe
from ras_keras.commands.train import Train
from ras_keras.errors import UserError
from ras_keras.training import RunFolder, resolve, train
from tests.commands.calls import call
from tests.data.made_folder import CLASSES, make_folder

FLAGS = (
    *("--recipe", "quick", "--attention", "none", "--depth", "11", "--batch-size", "8"),
    *("--image-size", "16", "--crop-scale", "0.3", "--evaluation-resize", "18"),
    *("--color-jitter", "0.2", "--validation-split", "0.2"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "photos"
    return make_folder(path, sizes=((20, 24), (37, 25), (50, 60)))


def state(run):
    with np.load(max((run / "state").glob("epoch-*.npz"))) as arrays:
        return {name: arrays[name] for name in arrays.files if name != "progress"}


@pytest.mark.slow
def test_in_memory_streamed_and_resumed_are_one_run(folder, tmp_path, capsys):
    flags = ("train", *FLAGS, "--dataset", f"folder:{folder}", "--log-dir", tmp_path)
    assert call(*flags, "--epochs", "2", "--name", "memory") == 0
    assert "random crop of 30 to 100 % of the area" in capsys.readouterr().out
    assert call(*flags, "--stream", "--epochs", "1", "--schedule", "1", "--name", "streamed") == 0
    assert call("train", "--resume", tmp_path / "streamed", "--epochs", "2") == 0
    whole, resumed = state(tmp_path / "memory"), state(tmp_path / "streamed")
    for name, array in whole.items():
        np.testing.assert_array_equal(array, resumed[name])

    capsys.readouterr()
    assert call("evaluate", tmp_path / "memory") == 0
    assert "12 test images" in capsys.readouterr().out
    image = next((folder / "test" / CLASSES[0]).iterdir())
    assert call("predict", tmp_path / "memory", image) == 0


@pytest.mark.slow
def test_an_image_lost_during_the_training_is_named_with_its_step(folder, tmp_path):
    flags = [*FLAGS, "--dataset", f"folder:{folder}", "--stream", "--epochs", "9"]
    recipe = resolve(parse_with_recipe(Train, flags, "train").recipe)
    lost = min((folder / "train" / CLASSES[2]).glob("*.jpg"))
    content = lost.read_bytes()
    run = RunFolder.create(str(tmp_path), "run", recipe)
    run.begin(recipe)

    class Lose(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            lost.unlink(missing_ok=True)

    says = rf"epoch \d, step \d: .*{lost.name} is missing; restore it"
    with pytest.raises(UserError, match=says):
        train(recipe, run, callbacks=[Lose()])
    lost.write_bytes(content)
    result = train(recipe, run, resume=True)
    assert result["epochs"] == 9
