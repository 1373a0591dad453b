"""Grad-CAM against maps that can be worked out by hand."""

import keras
import numpy as np
import pytest
from keras import layers

from ras_keras.errors import UserError
from ras_keras.explain.grad_cam import GradCam, grad_cam, overlay
from ras_keras.models import ResNet

KERNEL = np.float32([[2, -1, 0.5], [-1, 3, 1]])


def two_channels(end):
    """Red and green means, the classifier's kernel over them: the last map is the image's."""
    inputs = keras.Input((4, 4, 3))
    convolution = layers.Conv2D(2, 1, use_bias=False)
    x = layers.GlobalAveragePooling2D()(convolution(inputs))
    convolution.set_weights([np.eye(3, 2, dtype="float32")[None, None]])
    classifier = layers.Dense(3, "softmax" if end == "softmax" else None)
    x = classifier(x)
    classifier.set_weights([KERNEL, np.float32([0, 0, 9])])
    if end == "layer":
        x = layers.Softmax()(x)
    return keras.Model(inputs, x)


@pytest.fixture
def images():
    """A red corner in the first, a green one in the second, in float32 as the network sees it."""
    images = np.zeros((2, 4, 4, 3), "float32")
    images[0, 0, 0, 0] = 200
    images[1, 3, 3, 1] = 100
    images[1, 0, 0, 0] = 100
    return images


@pytest.mark.parametrize("end", ["softmax", "logits", "layer"])
def test_the_map_is_the_weighted_sum_of_channels(images, end):
    """dz_c / dA is W_c / 16 everywhere, so the map is relu(W_c . A), scaled to a peak of 1."""
    model = two_channels(end)
    for classes in (0, 1, np.int64([1, 0])):
        chosen = np.broadcast_to(classes, 2)
        expected = np.maximum(np.einsum("nhwc,cn->nhw", images[..., :2], KERNEL[:, chosen]), 0)
        peak = expected.max(axis=(1, 2), keepdims=True)
        expected = np.divide(expected, peak, out=np.zeros_like(expected), where=peak > 0)
        found = grad_cam(model, images, classes)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, atol=1e-6)
    # Red speaks against class 1.
    assert not grad_cam(model, images, 1)[0].any()


def test_the_most_probable_class_is_taken(images):
    cam = GradCam(two_channels("softmax"))
    # 100/16 of red and of green: logits 6.25, 12.5 and 18.4 in the second image.
    np.testing.assert_array_equal(cam(images), cam(images, np.int64([0, 2])))


def test_a_real_network_at_the_images_resolution():
    images = np.random.default_rng(0).integers(0, 256, (3, 32, 48, 3), "uint8")
    found = grad_cam(ResNet(depth=11, input_shape=(None, None, 3)), images)
    assert found.shape == (3, 32, 48)
    assert found.min() >= 0
    peaks = found.max(axis=(1, 2))
    np.testing.assert_array_equal(peaks[peaks > 0], 1)


def test_pooled_maps_that_keep_their_rank():
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3)(inputs)
    x = layers.GlobalMaxPooling2D(keepdims=True)(x)
    x = layers.Flatten()(layers.Conv2D(2, 1)(x))
    cam = GradCam(keras.Model(inputs, layers.Activation("softmax")(x)))
    assert cam.maps.output_shape == (None, 6, 6, 4)


def test_networks_without_one_last_map():
    inputs = keras.Input((8, 8, 3))
    plain = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(inputs)))
    with pytest.raises(UserError, match="0 last maps"):
        GradCam(plain)
    pooled = [layers.GlobalAveragePooling2D()(layers.Conv2D(2, 3)(inputs)) for _ in range(2)]
    with pytest.raises(UserError, match="2 last maps"):
        GradCam(keras.Model(inputs, layers.Dense(2)(layers.Concatenate()(pooled))))


@pytest.mark.parametrize("channels", [1, 3])
def test_overlay(channels):
    image = np.full((2, 2, channels), 100, "uint8")
    shown = overlay(image, np.float32([[0, 0.3], [0.6, 1]]))
    assert shown.shape == (2, 2, 3)
    assert shown.dtype == np.uint8
    red, blue = shown[1, 1], shown[0, 0]
    assert red[0] > red[2]
    assert blue[2] > blue[0]
