"""Maps of networks for images of any size, against those that are counted by hand."""

import keras
import pytest

from ras_keras.serving.map_memory import bytes_per_pixel


def test_three_of_the_largest_maps_in_float32():
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(8, 3, padding="same")(inputs)
    x = keras.layers.Conv2D(80, 3, strides=4, padding="same")(x)
    outputs = keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(x))
    assert bytes_per_pixel(keras.Model(inputs, outputs)) == pytest.approx(3 * 4 * 8)
    layers = [keras.layers.Conv2D(64, 2, strides=2), keras.layers.GlobalAveragePooling2D()]
    model = keras.Sequential([keras.Input((None, None, 1)), *layers])
    assert bytes_per_pixel(model) == pytest.approx(3 * 4 * 64 / 4)
