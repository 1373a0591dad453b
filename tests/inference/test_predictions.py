"""What images a model is given for its predictions."""

from pathlib import Path

import numpy as np
from PIL import Image

from ras_keras.data.encoded.forms import Centre
from ras_keras.inference.predictions import predict_images
from ras_keras.inference.predictor import Predictor


def test_a_model_is_given_the_middle_that_its_run_took(tmp_path):
    """Of an image whose left and right thirds are white, and whose middle is black."""
    pixels = np.full((40, 120, 3), 255, "uint8")
    pixels[:, 40:80] = 0
    file = tmp_path / "wide.png"
    Image.fromarray(pixels).save(file)
    given = []

    def predict(images):
        given.append(images)
        return np.tile([0.25, 0.75], (len(images), 1)).astype("float32")

    for middle in (Centre(40, 32), None):
        predictor = Predictor(Path("a.keras"), (32, 32, 3), ("a", "b"), predict, middle=middle)
        (prediction,) = predict_images(predictor, [("wide", file)], 1, 8, None)
        assert (prediction.classes, prediction.probabilities) == (("b",), (0.75,))
    middle, whole = given
    assert middle.shape == whole.shape == (1, 32, 32, 3)
    assert middle.max() == 0
    assert whole.max() == 255
