import numpy as np
import pytest

from ras_keras.data import TrainingBatches
from ras_keras.data.augmentation.augmentation import Augmentation
from ras_keras.errors import UserError
from tests.data.test_batches import assert_same, collect, dataset

COUNT = 50
KINDS = [{"cutout": 4}, {"cutmix": 1.0}, {"cutmix": 0.2, "label_smoothing": 0.1}]


def batches(seed=3, size=25, crop_padding=0, mirror=False, **kinds):
    augmentation = Augmentation(crop_padding, mirror, **kinds)
    return TrainingBatches(dataset(COUNT), size, seed, augmentation=augmentation)


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_is_a_function_of_seed_and_step(kind):
    whole = collect(batches(size=16, **kind), 0, 6)
    assert_same(collect(batches(size=16, **kind), 2, 4), whole[2:])
    other = collect(batches(seed=4, size=16, **kind), 0, 1)
    assert not np.array_equal(other[0][0], whole[0][0])


@pytest.mark.parametrize("kind", KINDS)
def test_draws_do_not_move_crops_and_flips(kind):
    """Where nothing was pasted or filled in, the image is the one without it."""
    plain = collect(batches(crop_padding=2, mirror=True), 0, 2)
    changed = collect(batches(crop_padding=2, mirror=True, **kind), 0, 2)
    for (x, _), (other, _) in zip(plain, changed, strict=True):
        assert 0 < (x == other).mean() < 1
        assert (x == other).mean() > 0.4


def test_cutout_fills_a_clipped_square_around_any_pixel():
    fill = (7.4, 0.0, 200.6)
    images = dataset(COUNT).train.images
    seen = set()
    for x, labels in collect(batches(cutout=4, fill=fill), 0, 40):
        assert labels.dtype == np.int32
        for image, label in zip(x, labels, strict=True):
            rows, columns = np.nonzero((image != images[label]).any(axis=-1))
            top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
            assert (image[top:bottom, left:right] == (7, 0, 201)).all()
            # A clipped side touches a border.
            assert bottom - top == 4 or (bottom - top >= 2 and (top == 0 or bottom == 8))
            assert right - left == 4 or (right - left >= 2 and (left == 0 or right == 6))
            seen.add((top, bottom, left, right))
    assert len(seen) == 8 * 6, "1,000 draws over 48 centres leave hardly one out"


def test_an_odd_side_is_kept():
    images = dataset(COUNT).train.images
    sizes = []
    for x, labels in collect(batches(cutout=3), 0, 4):
        sizes += [*(x != images[labels]).any(axis=-1).sum(axis=(1, 2))]
    assert max(sizes) == 9


def test_cutmix_pastes_a_box_of_the_next_image_and_weighs_labels_by_area():
    weights = []
    plain, mixed = (collect(batches(cutmix=alpha), 0, 20) for alpha in (0.0, 1.0))
    for (x, labels), (found, y) in zip(plain, mixed, strict=True):
        assert (y.dtype, y.shape) == (np.float32, (25, COUNT))
        np.testing.assert_allclose(y.sum(axis=1), 1, rtol=1e-6)
        for i, other in enumerate(np.roll(np.arange(25), -1)):
            pasted = (found[i] != x[i]).any(axis=-1)
            np.testing.assert_array_equal(found[i][pasted], x[other][pasted])
            assert y[i, labels[i]] == pytest.approx(1 - pasted.mean(), abs=1e-6)
            assert y[i, labels[other]] == pytest.approx(pasted.mean(), abs=1e-6)
            rows, columns = np.nonzero(pasted)
            assert not len(rows) or pasted.sum() == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
            weights.append(y[i, labels[i]])
    rng = np.random.default_rng(0)
    shares = np.sqrt(1 - rng.beta(1, 1, 10_000))
    kept = 1 - np.prod([_overlap(rng, shares, size) for size in (8, 6)], axis=0)
    assert np.mean(weights) == pytest.approx(kept.mean(), abs=0.03)
    assert np.std(weights) == pytest.approx(kept.std(), abs=0.03)


def _overlap(rng, shares, size):
    """The part of a side that boxes of these sides around random pixels cover."""
    sides = (shares * size).astype(int)
    first = rng.integers(0, size, len(sides)) - sides // 2
    return (np.minimum(first + sides, size) - np.maximum(first, 0)) / size


@pytest.mark.parametrize("alpha", [1e-4, 1e4])
def test_extreme_alphas(alpha):
    (_, y), *_ = collect(batches(cutmix=alpha), 0, 1)
    assert np.isfinite(y).all()
    if alpha > 1:
        # Half of a box around a pixel of the border is clipped.
        assert y.max(axis=1).min() >= 0.5


def test_label_smoothing():
    ((x, labels),) = collect(batches(), 0, 1)
    ((same, y),) = collect(batches(label_smoothing=0.1), 0, 1)
    np.testing.assert_array_equal(same, x)
    np.testing.assert_allclose(y, 0.9 * np.eye(COUNT)[labels] + 0.1 / COUNT, rtol=1e-6)
    np.testing.assert_array_equal(y.argmax(axis=1), labels)


def test_refuses_a_cutout_larger_than_the_images():
    with pytest.raises(UserError, match="cutout=7 is larger than the 8x6 images of 'made'"):
        batches(cutout=7)


def test_says_what_it_does():
    assert str(Augmentation(4, True)) == "random crop with 4 pixels of padding, mirroring"
    everything = str(Augmentation(0, False, cutout=16, cutmix=0.5, label_smoothing=0.1))
    for part in ("no mirroring", "cutout of 16x16", "cutmix (alpha 0.5)", "smoothed by 0.1"):
        assert part in everything
