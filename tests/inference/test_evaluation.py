"""Accuracy of a model of any format, without a network."""

from pathlib import Path

import numpy as np
import pytest

from ras_keras.data import Images
from ras_keras.errors import UserError
from ras_keras.inference import evaluation
from ras_keras.inference.evaluation import accuracy, evaluate_predictor
from ras_keras.inference.predictor import Predictor

# White is named b, black a; the third one's label is wrong.
IMAGES = Images(
    np.array([0, 255, 255, 0], "uint8")[:, None, None, None] * np.ones((2, 2, 3), "uint8"),
    np.array([0, 1, 0, 0], "int32"),
)


def predictor(side=2):
    def predict(images):
        white = images.mean((1, 2, 3)) / 255
        return np.stack([1 - white, white], 1).astype("float32")

    return Predictor(Path("a.onnx"), (side, side, 3), ("a", "b"), predict)


def test_the_share_of_images_that_are_named_rightly_in_batches(monkeypatch):
    monkeypatch.setattr(evaluation, "BATCH_SIZE", 3)
    assert accuracy(predictor(), IMAGES, "Keras") == 0.75


@pytest.mark.parametrize(("side", "classes", "says"), [(3, 2, r"\(3, 3, 3\)"), (2, 5, "5 classes")])
def test_images_and_classes_of_another_model_are_refused(side, classes, says):
    with pytest.raises(UserError, match=says):
        evaluate_predictor(predictor(side), IMAGES, classes, 4)
