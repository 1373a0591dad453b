"""Networks that attention is added to."""

import keras
import numpy as np
from keras import layers

SIZE = 32


def application(name, **options) -> keras.Model:
    """A network of keras.applications with a random start, for small images."""
    make = getattr(keras.applications, name)
    return make(weights=None, input_shape=(SIZE, SIZE, 3), classes=5, **options)


def images(count=2) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (count, SIZE, SIZE, 3)).astype("float32")


def block(x, name, shortcut=None):
    """Two convolutions and their addition to `x`, or to a shortcut."""
    y = layers.Conv2D(8, 3, padding="same", name=f"{name}_conv1")(x)
    y = layers.BatchNormalization(name=f"{name}_bn")(y)
    y = layers.Conv2D(8, 3, padding="same", name=f"{name}_conv2")(y)
    return layers.Add(name=f"{name}_add")([x if shortcut is None else shortcut, y])


def small(blocks=2, size=8) -> keras.Model:
    """A stem, residual blocks of 8 channels and a classifier."""
    inputs = keras.Input((size, size, 3))
    x = layers.Conv2D(8, 3, padding="same", name="stem")(inputs)
    for number in range(1, blocks + 1):
        x = block(x, f"block{number}")
    x = layers.GlobalAveragePooling2D(name="pooling")(x)
    return keras.Model(inputs, layers.Dense(4, name="head")(x), name="small")


def nested() -> keras.Model:
    """A backbone of two blocks that is called twice, and a block of its own behind it."""
    inputs = keras.Input((8, 8, 8))
    backbone = keras.Model(inputs, block(block(inputs, "block1"), "block2"), name="backbone")
    outer = keras.Input((8, 8, 8))
    x = block(backbone(backbone(outer)), "own")
    return keras.Model(outer, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))
