"""Exported models, by a runtime that is a few lines."""

import numpy as np
import pytest

from ras_keras.inference.predictor import open_predictor
from ras_keras.inference.runtimes import RUNTIMES, Opened


def opened(path):
    def run(images):
        return np.tile([0.25, 0.75], (len(images), 1)).astype("float32")

    return Opened((None, 2, 2, 3), lambda plan: ([run], None))


def test_floats_in_0_to_1_are_warned_of(tmp_path, monkeypatch):
    monkeypatch.setitem(RUNTIMES, "onnx", ((), opened))
    file = tmp_path / "model.onnx"
    file.touch()
    predictor = open_predictor(file)
    predictor.predict(np.full((1, 2, 2, 3), 255.0, "float32"))
    with pytest.warns(UserWarning, match="by 255") as warned:
        predictor.predict(np.ones((1, 2, 2, 3), "float32"))
    assert [each.filename for each in warned] == [__file__]
