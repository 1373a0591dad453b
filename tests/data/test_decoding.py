"""Decoding of encoded images, random parts of them, and their colours."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from ras_keras.data.augmentation.color_jitter import jitter_colors
from ras_keras.data.augmentation.random_resized_crop import RandomResizedCrop
from ras_keras.data.augmentation.resizing import resized
from ras_keras.data.encoded import decoding
from ras_keras.data.encoded.decoding import decode, decode_whole
from ras_keras.data.files.image_files import decode_image
from tests.data.made_folder import clouds

CROP = RandomResizedCrop(0.08, 4 / 3)
TURNED = 6


def encoded(image, form, **options):
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def turned():
    exif = Image.Exif()
    exif[0x0112] = TURNED
    return {"exif": exif}


@pytest.mark.parametrize(
    ("mode", "form", "options"),
    [
        ("RGB", "JPEG", {}),
        ("RGB", "JPEG", {"subsampling": 2, "quality": 60}),
        ("RGB", "JPEG", {"progressive": True}),
        ("L", "JPEG", {}),
        ("CMYK", "JPEG", {}),
        ("RGB", "JPEG", turned()),
        ("RGB", "PNG", {}),
        ("RGBA", "PNG", {}),
        ("P", "PNG", {}),
        ("RGB", "WEBP", {}),
        ("RGB", "GIF", {}),
        ("RGB", "BMP", {}),
        ("RGB", "TIFF", {}),
    ],
)
def test_every_format_is_decoded_as_in_prediction(mode, form, options):
    image = clouds(np.random.default_rng(0), 31, 45).convert(mode)
    data = encoded(image, form, **options)
    np.testing.assert_array_equal(decode_whole(data), decode_image(data))


@pytest.mark.parametrize("order", [b"II", b"MM"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_exif_says_of_turning(order, orientation, monkeypatch):
    """Only files that are to be turned go another way, in both orders of bytes."""
    exif = Image.Exif()
    exif.endian = "<" if order == b"II" else ">"
    exif[0x010F] = "a maker"
    exif[0x0112] = orientation
    data = encoded(clouds(np.random.default_rng(0), 31, 45), "JPEG", exif=exif)
    assert b"Exif\x00\x00" + order in data
    np.testing.assert_array_equal(decode_whole(data), decode_image(data))
    turned = tf.strings.regex_full_match(data, decoding.TURNED)
    assert bool(turned) == (orientation > 1)


@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_a_part_is_that_of_the_whole_image(subsampling):
    data = encoded(clouds(np.random.default_rng(0), 60, 80), "JPEG", subsampling=subsampling)
    whole = tf.io.decode_jpeg(data, 3, dct_method="INTEGER_ACCURATE", fancy_upscaling=False)
    part_of = tf.function(lambda box: decode(tf.constant(data), lambda height, width: box))
    rng = np.random.default_rng(0)
    for _ in range(50):
        top, left = rng.integers(0, 50), rng.integers(0, 70)
        height, width = rng.integers(1, 60 - top + 1), rng.integers(1, 80 - left + 1)
        box = tf.constant([top, left, height, width], tf.int32)
        expected = whole[top : top + height, left : left + width]
        np.testing.assert_array_equal(part_of(box), expected)


@pytest.mark.parametrize("size", [(60, 80), (300, 20), (1, 1), (1, 50)])
def test_boxes_lie_within_the_image_and_have_the_area_and_shape(size):
    height, width = size
    draws = CROP.draws(500, tf.constant([3, 4], tf.int64))
    boxes = np.array([CROP.box(each, height, width) for each in draws])
    top, left, rows, columns = boxes.T
    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (rows >= 1).all()
    assert (columns >= 1).all()
    assert (top + rows <= height).all()
    assert (left + columns <= width).all()
    if size == (60, 80):
        shares = rows * columns / (60 * 80)
        assert 0.07 < shares.min() < 0.12
        assert 0.9 < shares.max() <= 1
        # Evenly from 0.08 to 1, less the large ones that do not fit.
        assert 0.42 < shares.mean() < 0.56
        assert 0.7 < (columns / rows).min() < 0.8
        assert 1.25 < (columns / rows).max() < 1.4


def test_a_box_that_no_draw_fits_is_the_middle():
    strict = RandomResizedCrop(1.0, 1.0)
    box = strict.box(strict.draws(1, tf.constant([0, 0], tf.int64))[0], 10, 30)
    assert box.numpy().tolist() == [0, 10, 10, 10]


def test_resizing_averages_whole_pixels_first():
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype="uint8")
    means = image.reshape(10, 4, 15, 4, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(resized(image, 10, 15), means, atol=0.51)
    np.testing.assert_array_equal(resized(image, 40, 60), image)


def test_color_jitter():
    images = np.random.default_rng(0).integers(0, 256, (64, 6, 5, 3), dtype="uint8")
    key = tf.constant([1, 2], tf.int64)
    found = jitter_colors(images, 0.4, key)
    assert found.dtype == tf.uint8
    np.testing.assert_array_equal(found, jitter_colors(images, 0.4, key))
    other = jitter_colors(images, 0.4, tf.constant([1, 3], tf.int64))
    assert (np.asarray(found) != np.asarray(other)).any(axis=(1, 2, 3)).all()
    np.testing.assert_allclose(jitter_colors(images, 1e-9, key), images, atol=1)
    # Contrast and saturation leave an even grey alone, brightness has the whole range.
    grey = np.full((400, 2, 2, 3), 100, "uint8")
    factors = np.asarray(jitter_colors(grey, 0.4, key))[:, 0, 0, 0] / 100
    assert 0.6 <= factors.min() < 0.63
    assert 1.37 < factors.max() <= 1.4
