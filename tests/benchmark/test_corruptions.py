"""Corruptions of images, beside independent evaluations of what they say that they do."""

import io

import numpy as np
import pytest
from PIL import Image

from ras_keras.benchmark.corruptions import CORRUPTIONS, corrupted
from ras_keras.benchmark.corruptions.blur import defocus_blur, glass_blur, motion_blur, zoom_blur
from ras_keras.benchmark.corruptions.digital import elastic_transform

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (6, 16, 20, 3), "uint8")
FLAT = np.full((2, 16, 16, 3), 0.5, "float32")


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_it_changes_images_and_nothing_else(name):
    before = IMAGES.copy()
    found = corrupted(IMAGES, name)
    assert found.shape == IMAGES.shape
    assert found.dtype == "uint8"
    assert (found != IMAGES).any((1, 2, 3)).all()
    np.testing.assert_array_equal(IMAGES, before)
    np.testing.assert_array_equal(found, corrupted(IMAGES, name))


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_gray_images(name):
    assert corrupted(IMAGES[..., :1], name).shape == (6, 16, 20, 1)


@pytest.mark.parametrize("name", ["gaussian_noise", "shot_noise", "impulse_noise", "fog"])
def test_what_is_drawn_follows_the_seed_and_the_place(name):
    found = corrupted(IMAGES, name)
    assert (found != corrupted(IMAGES, name, seed=1)).any()
    assert (found != corrupted(IMAGES, name, first=6)).any()


def test_noise_has_its_strength():
    gray = np.full((4, 64, 64, 3), 128, "uint8")
    deviation = (corrupted(gray, "gaussian_noise") / 255.0 - gray / 255.0).std()
    assert deviation == pytest.approx(0.08, rel=0.05)
    photons = corrupted(gray, "shot_noise") / 255.0 * 60
    assert photons.var() == pytest.approx(60 * 128 / 255, rel=0.1)
    struck = corrupted(gray, "impulse_noise")
    assert (struck != 128).mean() == pytest.approx(0.05, rel=0.1)
    assert {*np.unique(struck)} == {0, 128, 255}


def test_contrast_keeps_two_fifths_of_the_distance_to_the_mean():
    values = IMAGES / 255.0
    mean = values.mean((1, 2), keepdims=True)
    found = corrupted(IMAGES, "contrast") / 255.0
    np.testing.assert_allclose(found, 0.6 * mean + 0.4 * values, atol=0.5 / 255 + 1e-6)


def test_brightness_adds_to_the_largest_channel():
    image = np.array([[[[0, 0, 0], [51, 102, 0], [255, 0, 0]]]], "uint8")
    # 102 is 0.4 and becomes 0.65; 51 grows in proportion.
    expected = [[[[64, 64, 64], [83, 166, 0], [255, 0, 0]]]]
    np.testing.assert_allclose(corrupted(image, "brightness"), expected, atol=1)


def test_jpeg_is_pillow_s():
    stream = io.BytesIO()
    Image.fromarray(IMAGES[2]).save(stream, "JPEG", quality=25)
    expected = np.asarray(Image.open(stream))
    np.testing.assert_array_equal(corrupted(IMAGES, "jpeg_compression")[2], expected)


def test_pixelate_repeats_the_mean_of_what_a_pixel_covers():
    image = np.zeros((1, 5, 5, 3), "uint8")
    image[0, :, 0] = 250
    found = corrupted(image, "pixelate")
    # Three pixels in place of five: Pillow's box counts the first one's second column whole.
    np.testing.assert_array_equal(found[0, :, :2], 125)
    assert (found[0, :, 2:] == 0).all()


@pytest.mark.parametrize("blur", [defocus_blur, glass_blur, motion_blur, zoom_blur])
def test_a_blur_keeps_what_is_flat(blur):
    np.testing.assert_allclose(blur(FLAT, np.random.default_rng(0)), 0.5, atol=1e-6)


def test_an_elastic_transform_moves_by_little_more_than_a_pixel():
    ramp = np.broadcast_to(np.arange(32.0, dtype="float32")[:, None], (2, 32, 32))[..., None]
    moved = np.abs(elastic_transform(ramp, np.random.default_rng(0)) - ramp)
    assert 0.5 < moved.max() <= 1.2 + 1e-5
