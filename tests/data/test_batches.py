import numpy as np
import pytest

from ras_keras.data import ImageDataset, Images, TrainingBatches, evaluation_batches
from ras_keras.data.augmentation.augmentation import Augmentation
from ras_keras.errors import UserError


def dataset(count=50, padding=2, **particulars):
    """Images that can be told apart and whose every pixel names its place."""
    rng = np.random.default_rng(0)
    images = rng.integers(1, 256, (count, 8, 6, 3), dtype="uint8")
    images = Images(images, np.arange(count, dtype="int32"))
    names = tuple(map(str, range(count)))
    return ImageDataset("made", images, images, names, crop_padding=padding, **particulars)


def collect(batches, step, count):
    return [(x.numpy(), y.numpy()) for x, y in batches.from_step(step).take(count)]


def assert_same(found, expected):
    for (x, y), (other_x, other_y) in zip(found, expected, strict=True):
        np.testing.assert_array_equal(x, other_x)
        np.testing.assert_array_equal(y, other_y)


def test_a_batch_is_a_function_of_seed_and_step():
    data = dataset()
    whole = collect(TrainingBatches(data, 16, seed=3), 0, 10)
    assert_same(collect(TrainingBatches(data, 16, seed=3), 6, 4), whole[6:])
    other = collect(TrainingBatches(data, 16, seed=4), 0, 1)
    assert not np.array_equal(other[0][1], whole[0][1])


def test_an_epoch_is_a_permutation_and_epochs_differ():
    batches = TrainingBatches(dataset(), 16, seed=0)
    assert (batches.steps_per_epoch, batches.images_per_epoch) == (4, 50)
    epochs = [np.concatenate([y for _, y in collect(batches, 4 * e, 4)]) for e in range(3)]
    for labels in epochs:
        assert sorted(labels) == list(range(50))
    assert not np.array_equal(epochs[0], epochs[1])


def test_the_order_of_a_seed_stays_as_it_was():
    """Runs that go on need it; as TensorFlow 2.21 draws it."""
    order = TrainingBatches(dataset(10), 4, seed=3)
    assert [order.index(step).numpy().tolist() for step in (3, 5)] == [[9, 3, 5, 1], [2, 6]]


def test_crops_and_flips_are_those_of_the_padded_image():
    data = dataset(padding=2, flip=True)
    padded = np.pad(data.train.images, [(0, 0), (2, 2), (2, 2), (0, 0)])
    windows = {}
    for top in range(5):
        for left in range(5):
            window = padded[:, top : top + 8, left : left + 6]
            windows[top, left, False] = window
            windows[top, left, True] = window[:, :, ::-1]
    seen = set()
    for x, y in collect(TrainingBatches(data, 25, seed=1), 0, 20):
        assert x.dtype == np.uint8
        for image, label in zip(x, y, strict=True):
            found = [key for key, w in windows.items() if np.array_equal(w[label], image)]
            assert len(found) == 1
            seen.add(found[0])
    assert len(seen) == 50, "500 draws over 50 windows leave hardly one out"


def test_no_flip_where_it_changes_the_meaning():
    data = dataset(padding=0, flip=False)
    for x, y in collect(TrainingBatches(data, 25, seed=1), 0, 4):
        np.testing.assert_array_equal(x, data.train.images[y])


@pytest.mark.parametrize(
    ("devices", "drop", "sizes", "notice"),
    [
        (1, False, [16, 16, 16, 2], ""),
        (2, False, [16, 16, 16, 2], ""),
        (4, False, [16, 16, 16], "is cut by 2 to divide by the 4 devices"),
        (1, True, [16, 16, 16], "the last, smaller batch of an epoch, 2 images, is left out"),
    ],
)
def test_the_last_batch(devices, drop, sizes, notice):
    batches = TrainingBatches(dataset(drop_remainder=drop), 16, 0, devices)
    found = [len(y) for _, y in collect(batches, 0, batches.steps_per_epoch)]
    assert found == sizes
    assert batches.images_per_epoch == sum(sizes)
    assert bool(notice) == bool(batches.left_out)
    assert notice in batches.left_out


@pytest.mark.parametrize(
    ("size", "devices", "message"),
    [
        (0, 1, "batch_size=0 is not between 1 and the 50 training images"),
        (51, 1, "batch_size=51 is not between"),
        (15, 2, "batch_size=15 does not divide by the 2 devices; 14 does."),
        (1, 2, "2 does"),
    ],
)
def test_refuses_batch_sizes(size, devices, message):
    with pytest.raises(UserError, match=message):
        TrainingBatches(dataset(), size, 0, devices)


def test_evaluation_keeps_order_and_pixels():
    images = dataset().test
    batches = list(evaluation_batches(images, 16).as_numpy_iterator())
    assert [len(y) for _, y in batches] == [16, 16, 16, 2]
    np.testing.assert_array_equal(np.concatenate([x for x, _ in batches]), images.images)
    np.testing.assert_array_equal(np.concatenate([y for _, y in batches]), images.labels)


@pytest.mark.parametrize(
    ("count", "batch_size", "devices", "used", "left_out"),
    [
        (49, 16, 1, 48, "the last batch of an epoch, 1 image, is left out"),
        (50, 16, 1, 50, ""),
        (48, 16, 1, 48, ""),
        (51, 16, 2, 48, "the last batch of an epoch, 3 images, is left out"),
        (53, 16, 2, 52, "cut by 1 to divide by the 2 devices"),
    ],
)
def test_a_gate_that_normalizes_sees_no_batch_of_one(count, batch_size, devices, used, left_out):
    batches = TrainingBatches(dataset(count), batch_size, seed=0, devices=devices, least=2)
    assert batches.images_per_epoch == used
    assert left_out in batches.left_out and bool(left_out) == bool(batches.left_out)
    sizes = [len(y) for _, y in collect(batches, 0, batches.steps_per_epoch)]
    assert sum(sizes) == used and min(sizes) // devices >= 2


def test_two_devices_with_an_image_each_are_refused():
    with pytest.raises(
        UserError, match=r"batch_size=2 gives each of 2 devices 1 .* give batch_size=4"
    ):
        TrainingBatches(dataset(), 2, seed=0, devices=2, least=2)
    assert TrainingBatches(dataset(), 2, seed=0, devices=2).steps_per_epoch == 25


@pytest.mark.parametrize("count", [2, 4])
def test_the_parts_of_processes_are_the_batch(count):
    """To the bit, the augmentation included; the last batch of an epoch is smaller."""
    data = dataset()
    augmentation = Augmentation(2, True, cutout=2, cutmix=0.5)

    def batches(part):
        return TrainingBatches(data, 16, 3, count, augmentation, part=part)

    whole = collect(batches((0, 1)), 2, 3)
    parts = [collect(batches((index, count)), 2, 3) for index in range(count)]
    joined = [
        tuple(np.concatenate(each) for each in zip(*of_step, strict=True))
        for of_step in zip(*parts, strict=True)
    ]
    assert_same(joined, whole)
    assert_same(collect(batches((1, count)).whole(), 2, 3), whole)
