"""The recipe of the guide learns: minutes on two cores."""

import pytest

from ras_keras.detection.training.result import read_result
from ras_keras.runs.run_folder import RunFolder
from tests.commands.calls import call


@pytest.mark.large
def test_the_recipe_of_the_shapes_finds_them(tmp_path):
    assert call("detect", "train", "--name", "shapes", "--log-dir", tmp_path) == 0
    result = read_result(RunFolder(tmp_path / "shapes"))
    assert result["test_images"] == 200
    assert result["best"]["test_ap50"] >= 0.9
