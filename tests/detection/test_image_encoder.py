"""Our networks under KerasHub's RetinaNet."""

import keras
import numpy as np
import pytest

import ras_keras
from ras_keras.detection import ImageEncoder
from ras_keras.models import ImageNetResNet


def encoder():
    return ImageEncoder(
        ImageNetResNet(18, "ras", include_top=False, features_only=True, input_shape=(64, 64, 3))
    )


def images():
    return np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3)).astype("uint8")


@pytest.mark.slow
def test_it_is_loaded_with_its_pyramid(tmp_path):
    made = encoder()
    made.save(tmp_path / "encoder.keras")
    loaded = ras_keras.load_model(tmp_path / "encoder.keras")
    assert [*loaded.pyramid_outputs] == ["P2", "P3", "P4", "P5"]
    for name, maps in made.predict_on_batch(images()).items():
        np.testing.assert_array_equal(loaded.predict_on_batch(images())[name], maps)


def test_a_classifier_is_refused():
    with pytest.raises(ValueError, match="network"):
        ImageEncoder(keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]))


def test_a_detector_of_keras_hub(tmp_path):
    keras_hub = pytest.importorskip("keras_hub")
    backbone = keras_hub.models.RetinaNetBackbone(
        image_encoder=encoder(), min_level=3, max_level=5, use_p5=False, image_shape=(64, 64, 3)
    )
    outputs = backbone.predict_on_batch(images())
    assert outputs["P3"].shape == (1, 8, 8, 256)
    backbone.save(tmp_path / "backbone.keras")
    loaded = keras.saving.load_model(tmp_path / "backbone.keras")
    for name, maps in loaded.predict_on_batch(images()).items():
        np.testing.assert_allclose(maps, outputs[name], atol=1e-5)
