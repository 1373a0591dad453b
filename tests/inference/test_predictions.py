"""What images a model is given for its predictions."""

from pathlib import Path

import numpy as np
import pytest
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


@pytest.mark.parametrize(
    ("batch_multiple", "sizes"), [(None, [6, 6]), (1, [6, 2]), (4, [6, 4]), (8, [6, 6])]
)
def test_a_last_batch_is_filled_up_only_where_that_saves_tracing(tmp_path, batch_multiple, sizes):
    files = []
    for number in range(8):
        file = tmp_path / f"{number}.png"
        Image.new("L", (2, 2), 30 * number).save(file)
        files.append((file.name, file))
    given = []

    def predict(images):
        given.append(len(images))
        share = images.mean((1, 2, 3)) / 255
        return np.stack([1 - share, share], 1).astype("float32")

    names = ("a", "b")
    predictor = Predictor(Path("a.keras"), (2, 2, 1), names, predict, batch_multiple=batch_multiple)
    found = [*predict_images(predictor, files, 2, 6, None)]
    assert given == sizes
    shares = [dict(zip(each.classes, each.probabilities, strict=True))["b"] for each in found]
    np.testing.assert_allclose(shares, [30 * number / 255 for number in range(8)], rtol=1e-5)
