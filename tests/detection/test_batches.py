"""Batches of images with boxes."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from ras_keras.data.files.image_files import UnreadableImage
from ras_keras.detection.data import DetectionBatches, evaluation_batches, failures_named
from ras_keras.detection.data.annotations import AnnotatedImages
from ras_keras.detection.data.letterbox import fitted_size
from ras_keras.errors import UserError
from tests.detection.made_boxes import paint

CANVAS = (32, 40)
SIZES = [(24, 40), (60, 30), (32, 40), (50, 100), (64, 80), (20, 20), (48, 40)]


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """An image of each size with as many boxes as its number, the last one a crowd.

    Only its first box is painted, as light as its number says.
    """
    folder = tmp_path_factory.mktemp("boxes")
    boxes, labels, crowd, paths = [], [], [], []
    for number, (height, width) in enumerate(SIZES):
        first = [width // 4, height // 4, width // 2, height // 2]
        own = np.array([first, *[[0, 0, 9, 9]] * (number - 1)][:number], "float32").reshape(-1, 4)
        boxes.append(own)
        labels.append(np.arange(number, dtype="int32"))
        crowd.append(np.arange(number) == len(SIZES) - 2)
        file = folder / f"{number}.png"
        paths.append(paint(file, (height, width), [first] if number else [], 100 + 20 * number))
    areas = tuple(each.prod(axis=1) for each in boxes)
    names = tuple(map(str, range(len(SIZES))))
    parts = (*map(tuple, (boxes, labels, crowd, areas)), names, names)
    return AnnotatedImages(tuple(paths), np.array(SIZES, "int32"), *parts)


def collect(batches, step, count):
    return [
        (x.numpy(), y["boxes"].numpy(), y["classes"].numpy())
        for x, y in batches.from_step(step).take(count)
    ]


def assert_same(found, expected):
    for batch, other in zip(found, expected, strict=True):
        for array, same in zip(batch, other, strict=True):
            np.testing.assert_array_equal(array, same)


def test_a_batch_is_a_function_of_seed_and_step(images):
    whole = collect(DetectionBatches(images, CANVAS, 2, seed=3), 0, 8)
    assert_same(collect(DetectionBatches(images, CANVAS, 2, seed=3), 5, 3), whole[5:])
    other = collect(DetectionBatches(images, CANVAS, 2, seed=4), 0, 8)
    assert any(not np.array_equal(a[0], b[0]) for a, b in zip(whole, other, strict=True))


def test_an_epoch_leaves_out_its_last_batch_and_epochs_differ(images):
    batches = DetectionBatches(images, CANVAS, 2, seed=0)
    assert (batches.steps_per_epoch, batches.images_per_epoch) == (3, 6)
    assert batches.left_out == "the last, smaller batch of an epoch, 1 image, is left out"
    assert DetectionBatches(images, CANVAS, 7, seed=0).left_out == ""
    epochs = [
        np.concatenate([batches.index(step).numpy() for step in range(3 * e, 3 * e + 3)])
        for e in range(4)
    ]
    assert all(len({*epoch}) == 6 for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1
    np.testing.assert_array_equal(epochs[0], [0, 2, 1, 6, 4, 5], "runs that go on need it")


@pytest.mark.parametrize("flip", [True, False])
def test_boxes_lie_on_what_is_painted_and_padding_is_no_box(images, flip):
    batches = DetectionBatches(images, CANVAS, 7, seed=1, flip=flip)
    assert batches.most_boxes == 5, "the crowd's box is left out"
    mirrored = set()
    for step, (pixels, boxes, classes) in enumerate(collect(batches, 0, 4)):
        assert (pixels.shape, pixels.dtype) == ((7, *CANVAS, 3), np.uint8)
        assert (boxes.shape, boxes.dtype) == ((7, 5, 4), np.float32)
        assert (classes.shape, classes.dtype) == ((7, 5), np.int32)
        for place, number in enumerate(batches.index(step).numpy()):
            count = min(number, 5)
            np.testing.assert_array_equal(classes[place], [*range(count)] + [-1] * (5 - count))
            assert not boxes[place, count:].any()
            if number:
                rows, columns = np.nonzero(pixels[place, ..., 0] > 50 + 10 * number)
                found = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
                np.testing.assert_allclose(found, boxes[place, 0], atol=1)
                # What is painted lies left of the middle.
                width = fitted_size(SIZES[number], CANVAS)[1]
                mirrored.add(bool(found[0] + found[2] > width))
    assert len(mirrored) == 1 + flip


def test_evaluation_keeps_the_order(images):
    batches = [*evaluation_batches(images, CANVAS, 3).as_numpy_iterator()]
    assert [each.shape for each in batches] == [(n, *CANVAS, 3) for n in (3, 3, 1)]
    light = np.concatenate(batches).max(axis=(1, 2, 3))
    np.testing.assert_allclose(light, [0, *(100 + 20 * n for n in range(1, 7))], atol=8)


@pytest.mark.parametrize(
    ("canvas", "size", "says"),
    [
        (CANVAS, 0, "batch_size=0 is not between 1 and the 7 training images"),
        (CANVAS, 8, "give batch_size=7 or less"),
        ((0, 40), 2, r"canvas=\(0, 40\) has a side that is not between 1 and 8,000 pixels"),
        ((32, 9000), 2, r"canvas=\(32, 9000\) has a side"),
    ],
)
def test_refuses_sizes(images, canvas, size, says):
    with pytest.raises(UserError, match=says):
        DetectionBatches(images, canvas, size, seed=0)


def turned(file):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 24)).save(file, "JPEG", exif=exif)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda file: file.write_bytes(b"no image"), "2.png is no readable image"),
        (lambda file: file.unlink(), "2.png is missing; restore it."),
        (lambda file: paint(file, (9, 8)), "2.png is 8x9 pixels, upright, and its .* says 40x32"),
        (turned, "2.png is 24x40 pixels, upright"),
    ],
)
def test_an_image_that_cannot_be_used_is_named(images, tmp_path, spoil, says):
    few = images.subset([0, 1, 2])
    file = paint(tmp_path / "2.png", SIZES[2])
    few = replace(few, paths=(*few.paths[:2], file))
    batches = DetectionBatches(few, CANVAS, 3, seed=0).from_step(0).take(1)
    tested = evaluation_batches(few, CANVAS, 2)
    with failures_named(few):
        for _ in (*batches, *tested):
            pass
        with pytest.raises(UnreadableImage, match=says) as error, failures_named(few):
            spoil(file)
            for _ in batches:
                pass
    assert "\n" not in str(error.value)
    with pytest.raises(tf.errors.OpError):
        for _ in tested:
            pass
