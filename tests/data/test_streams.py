"""Images that stay encoded: the same batches, wherever they lie."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from ras_keras.data import TrainingBatches, check_dataset, evaluation_batches, load_dataset, reading
from ras_keras.data.augmentation.augmentation import Augmentation
from ras_keras.data.augmentation.random_resized_crop import RandomResizedCrop
from ras_keras.data.encoded import record_index
from ras_keras.data.encoded.encoded_images import EncodedImages
from ras_keras.data.encoded.sources import Files, Memory
from ras_keras.data.files.image_files import UnreadableImage
from ras_keras.data.unreadable import unreadable_of
from ras_keras.errors import UserError
from tests.data.made_folder import make_folder
from tests.data.prepared_mnist import prepared

PADDED = Augmentation(crop_padding=2, mirror=True)
RESIZED = Augmentation(
    0, True, crop=RandomResizedCrop(0.08, 4 / 3), color_jitter=0.4, cutmix=1.0, label_smoothing=0.1
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return f"folder:{make_folder(tmp_path_factory.mktemp('data') / 'equal')}"


@pytest.fixture(scope="module")
def varied(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "varied"
    return f"folder:{make_folder(path, sizes=((20, 24), (37, 25), (90, 120)))}"


def batches(dataset, augmentation, step=0, count=5, seed=1):
    made = TrainingBatches(dataset, 8, seed, augmentation=augmentation)
    return [(x.numpy(), y.numpy()) for x, y in made.from_step(step).take(count)]


def assert_equal(found, expected):
    for pair, other in zip(found, expected, strict=True):
        for array, same in zip(pair, other, strict=True):
            np.testing.assert_array_equal(array, same)


def test_a_stream_has_the_batches_of_arrays(folder):
    arrays, stream = load_dataset(folder), load_dataset(folder, stream=True)
    assert isinstance(arrays.train.images, np.ndarray)
    assert isinstance(stream.train.images, EncodedImages)
    assert_equal(batches(stream, PADDED), batches(arrays, PADDED))
    np.testing.assert_array_equal(stream.test.images[:], arrays.test.images)
    np.testing.assert_array_equal(stream.test.images[3], arrays.test.images[3])
    assert stream.fingerprint() == arrays.fingerprint()
    assert stream.pixel_statistics() == arrays.pixel_statistics()
    rest, held = stream.hold_out(0.2, seed=3)
    _, expected = arrays.hold_out(0.2, seed=3)
    np.testing.assert_array_equal(held.images[:], expected.images)
    assert isinstance(rest.train.images, EncodedImages)


def test_sizes_that_vary_are_stretched_as_in_memory(varied):
    arrays, stream = (load_dataset(varied, image_size=16, stream=each) for each in (False, True))
    assert_equal(batches(stream, PADDED), batches(arrays, PADDED))


def test_encoded_in_memory_and_streamed_are_the_same_and_a_function_of_seed_and_step(varied):
    kept, streamed = (
        load_dataset(varied, image_size=16, keep_sizes=True, stream=each) for each in (False, True)
    )
    assert isinstance(kept.train.images.source, Memory)
    assert isinstance(streamed.train.images.source, Files)
    whole = batches(streamed, RESIZED, count=7)
    assert_equal(batches(kept, RESIZED, count=7), whole)
    assert_equal(batches(streamed, RESIZED, step=4, count=3), whole[4:])
    assert not np.array_equal(batches(streamed, RESIZED, count=1, seed=2)[0][0], whole[0][0])
    assert whole[0][0].shape == (8, 16, 16, 3)


@pytest.mark.parametrize("augmentation", [PADDED, RESIZED, replace(RESIZED, cutmix=0.0, cutout=3)])
def test_the_parts_of_processes_are_the_whole_batch(varied, augmentation):
    """Of images that are read by a process for its own part too."""
    dataset = load_dataset(varied, image_size=16, keep_sizes=True, stream=True)
    whole = batches(dataset, augmentation, count=3)
    parts = [
        TrainingBatches(dataset, 8, 1, devices=2, augmentation=augmentation, part=(number, 2))
        for number in range(2)
    ]
    for (images, labels), *found in zip(
        whole, *(each.from_step(0).take(3) for each in parts), strict=True
    ):
        np.testing.assert_array_equal(np.concatenate([part[0] for part in found]), images)
        np.testing.assert_array_equal(np.concatenate([part[1] for part in found]), labels)


def test_a_set_too_large_for_memory_stays_encoded(folder, monkeypatch):
    monkeypatch.setattr(reading, "free_memory", lambda: 60_000)
    images = load_dataset(folder).train.images
    assert isinstance(images, EncodedImages)
    assert isinstance(images.source, Files)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_records_are_read_by_index(tmp_path, monkeypatch):
    monkeypatch.setattr(record_index, "cache_folder", lambda: tmp_path / "cache")
    prepared(tmp_path)
    where = {"name": "mnist", "data_dir": str(tmp_path)}
    arrays, stream = load_dataset(**where), load_dataset(**where, stream=True)
    np.testing.assert_array_equal(stream.train.labels, arrays.train.labels)
    assert_equal(batches(stream, PADDED), batches(arrays, PADDED))
    assert stream.fingerprint() == arrays.fingerprint()
    assert len(list((tmp_path / "cache").iterdir())) == 2

    assert not list(unreadable_of(stream))
    (shard,) = (tmp_path / "mnist").rglob("*train.tfrecord*")
    whole = shard.read_bytes()
    shard.write_bytes(whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:])
    assert "is damaged" in str(list(unreadable_of(stream))[-1])
    # A bit of its last pixels, which no decoder would notice.
    with pytest.raises(UnreadableImage, match=r"train\.tfrecord\S*, record 29, .*checksum differs"):
        stream.train.images[:]
    shard.write_bytes(whole)

    def not_again(*arguments):
        raise AssertionError("indexed again")

    # The shard was written anew, and takes the place of the one before.
    assert load_dataset(**where, stream=True).fingerprint() == arrays.fingerprint()
    assert len(list((tmp_path / "cache").iterdir())) == 2
    monkeypatch.setattr(record_index, "_index", not_again)
    again = load_dataset(**where, stream=True)
    np.testing.assert_array_equal(again.test.images[:], arrays.test.images)
    for file in (tmp_path / "cache").iterdir():
        file.write_bytes(b"half")
    with pytest.raises(AssertionError):
        load_dataset(**where, stream=True)


def test_evaluation_takes_the_square_in_the_middle(tmp_path):
    rng = np.random.default_rng(0)
    for split in ("train", "test"):
        for name in "ab":
            (tmp_path / split / name).mkdir(parents=True)
            pixels = np.full((20, 60, 3), 255, "uint8")
            pixels[:, 20:40] = rng.integers(0, 200, (20, 20, 3))
            Image.fromarray(pixels).save(tmp_path / split / name / "0.png")
    data = load_dataset(f"folder:{tmp_path}", image_size=20, evaluation_resize=20)
    np.testing.assert_array_equal(data.test.images[-1], pixels[:, 20:40])
    thin = tmp_path / "test" / "b" / "0.png"
    Image.fromarray(np.repeat(pixels[:2, 20:21], 20_000, axis=1)).save(thin)
    narrow = load_dataset(f"folder:{tmp_path}", image_size=200, evaluation_resize=200)
    assert narrow.test.images[-1].shape == (200, 200, 3)
    Image.fromarray(pixels).save(thin)
    half = load_dataset(f"folder:{tmp_path}", image_size=10, evaluation_resize=10)
    means = pixels[:, 20:40].reshape(10, 2, 10, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(half.test.images[-1], means, atol=0.51)
    ((images, labels),) = evaluation_batches(half.test, 8)
    np.testing.assert_array_equal(images, half.test.images[:])
    assert labels.numpy().tolist() == [0, 1]


def test_an_unreadable_image_is_named(tmp_path):
    path = make_folder(tmp_path / "set")
    good = load_dataset(f"folder:{path}", image_size=16, stream=True)
    bad = sorted((path / "train/dog").iterdir())[2]
    whole = bad.read_bytes()
    bad.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(UserError, match=f"{bad.name} is no readable image"):
        good.train.images[:]
    bad.unlink()
    with pytest.raises(UserError, match=f"{bad.name} is missing"):
        good.train.images[:]


def test_an_image_of_another_size_is_named(tmp_path):
    path = make_folder(tmp_path / "set", sizes=((20, 24),) * 20 + ((8, 8),))
    stream = load_dataset(f"folder:{path}", stream=True)
    with pytest.raises(UserError, match=r"020\.png is 8x8 pixels where 20x24 was expected"):
        stream.train.images[:]
    with pytest.raises(UserError, match=r"020\.png is 8x8 pixels where 20x24 was expected"):
        load_dataset(f"folder:{path}")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"name": "digits", "stream": True}, "stream=True: the digits are in memory"),
        ({"keep_sizes": True}, "`crop_scale` needs the size that it ends in; give `image_size`"),
        ({"evaluation_resize": 20}, "`evaluation_resize` needs the size"),
        (
            {"evaluation_resize": 20, "image_size": 24},
            "evaluation_resize=20 is less than the square of image_size=24",
        ),
    ],
)
def test_readings_that_cannot_be(folder, options, says):
    for call in (check_dataset, load_dataset):
        with pytest.raises(UserError, match=says):
            call(**{"name": folder} | options)


def test_indexing_is_that_of_an_array(folder):
    stream, arrays = (load_dataset(folder, stream=each).train.images for each in (True, False))
    for key in (2, -1, slice(3), slice(5, 30, 7), np.array([4, 4, 0])):
        np.testing.assert_array_equal(stream[key], arrays[key])
    assert stream.shape == arrays.shape
    assert stream.dtype == arrays.dtype
    assert tf.convert_to_tensor(stream[:0]).shape == (0, *arrays.shape[1:])
