"""The page of images that are named wrongly."""

import base64
import io
import re

import numpy as np
from PIL import Image

from ras_keras.data.image_dataset import Images
from ras_keras.plots.mistakes import write_mistakes
from ras_keras.training.evaluation import Evaluation

NAMES = ("cat", "<script>", "dog")


def test_the_page_shows_mistakes_the_surest_first(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), "uint8")
    probabilities = np.array([[0.5, 0.3, 0.2], [0.1, 0.7, 0.2], [0.2, 0.2, 0.6], [1, 0, 0]])
    labels = np.array([0, 0, 1, 2])
    file = tmp_path / "page.html"
    evaluation = Evaluation(labels, probabilities)
    write_mistakes(evaluation, Images(pixels, labels), NAMES, file, "a & b\u202e")
    page = file.read_text(encoding="utf-8")
    assert "3 of 4 images are named wrongly." in page
    assert "a &amp; b" in page
    assert "\u202e" not in page
    assert "<script>" not in page
    assert re.findall(r"image (\d)", page) == ["3", "1", "2"]
    assert re.findall(r"<b>(.*?)</b>", page) == [
        *("cat", "dog"),
        *("&lt;script&gt;", "cat"),
        *("dog", "&lt;script&gt;"),
    ]
    pictures = re.findall(r"base64,([^\"]+)", page)
    first = np.asarray(Image.open(io.BytesIO(base64.b64decode(pictures[0]))))
    np.testing.assert_array_equal(first, pixels[3])


def test_a_page_without_mistakes(tmp_path):
    file = tmp_path / "page.html"
    images = Images(np.zeros((1, 8, 8, 1), "uint8"), np.array([0]))
    write_mistakes(Evaluation(images.labels, np.eye(3)[:1]), images, NAMES, file, "model")
    assert "0 of 1 images are named wrongly." in file.read_text(encoding="utf-8")
    assert "<figure>" not in file.read_text(encoding="utf-8")
