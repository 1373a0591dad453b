import numpy as np
import pytest
from PIL import Image

from ras_keras.data import ImageDataset, Images, check_dataset, load_dataset
from ras_keras.errors import UserError
from tests.data.prepared_mnist import prepared


def write_images(folder, classes=("cat", "dog"), count=3, size=(10, 8), mode="RGB"):
    rng = np.random.default_rng(0)
    for split in ("train", "test"):
        for name in classes:
            path = folder / split / name
            path.mkdir(parents=True)
            for i in range(count):
                pixels = rng.integers(0, 256, (*size, 3), dtype="uint8")
                Image.fromarray(pixels).convert(mode).save(path / f"{i}.png")


def test_digits():
    data = load_dataset("digits")
    assert (len(data.train), len(data.test)) == (1437, 360)
    assert data.train.images.shape == (1437, 32, 32, 3)
    assert data.train.images.dtype == np.uint8
    assert data.train.images.max() == 255
    assert not data.flip
    assert data.class_names == tuple("0123456789")
    again = load_dataset("digits")
    np.testing.assert_array_equal(again.test.images, data.test.images)
    assert np.bincount(data.test.labels).min() >= 35
    both = {image.tobytes() for image in data.train.images}
    assert sum(image.tobytes() in both for image in data.test.images) <= 2


def test_hold_out_is_a_split_that_follows_the_seed():
    data = load_dataset("digits")
    rest, held = data.hold_out(0.1, seed=5)
    assert (len(rest.train), len(held)) == (1293, 144)
    everything = sorted(image.tobytes() for image in data.train.images)
    parts = [*rest.train.images, *held.images]
    assert sorted(image.tobytes() for image in parts) == everything
    _, same = data.hold_out(0.1, seed=5)
    _, other = data.hold_out(0.1, seed=6)
    np.testing.assert_array_equal(held.images, same.images)
    assert not np.array_equal(held.images, other.images)
    assert data.hold_out(0, seed=5) == (data, None)
    with pytest.raises(UserError, match=r"validation_split=0\.0001 leaves no images"):
        data.hold_out(0.0001, 0)


def test_pixel_statistics():
    data = load_dataset("digits")
    mean, variance = data.pixel_statistics()
    pixels = data.train.images.astype("float64")
    np.testing.assert_allclose(mean, pixels.mean(axis=(0, 1, 2)))
    np.testing.assert_allclose(variance, pixels.var(axis=(0, 1, 2)))


@pytest.mark.parametrize("label", [-1, 2])
def test_refuses_labels_outside_the_classes(label):
    images = Images(np.zeros((2, 4, 4, 3), "uint8"), np.array([0, label], "int32"))
    with pytest.raises(UserError, match=f"label {label} in the train split is outside the 2"):
        ImageDataset("made", images, images, ("a", "b"))


@pytest.mark.parametrize("mode", ["RGB", "L", "P"])
def test_folder(tmp_path, mode):
    write_images(tmp_path, mode=mode)
    check_dataset(f"folder:{tmp_path}")
    data = load_dataset(f"folder:{tmp_path}")
    assert data.class_names == ("cat", "dog")
    assert data.train.images.shape == (6, 10, 8, 3)
    np.testing.assert_array_equal(data.train.labels, [0, 0, 0, 1, 1, 1])
    with Image.open(tmp_path / "train/dog/1.png") as image:
        np.testing.assert_array_equal(data.train.images[4], image.convert("RGB"))
    assert load_dataset(f"folder:{tmp_path}", image_size=16).image_shape == (16, 16, 3)


def test_folder_of_different_sizes(tmp_path):
    write_images(tmp_path)
    Image.new("RGB", (4, 5)).save(tmp_path / "test/dog/other.png")
    with pytest.raises(UserError, match=r"other.png is 5x4 pixels .* image_size=8 resizes"):
        load_dataset(f"folder:{tmp_path}")


def test_folder_with_a_broken_image(tmp_path):
    write_images(tmp_path)
    (tmp_path / "train/cat/broken.png").write_bytes(b"no image")
    with pytest.raises(UserError, match=r"broken.png is no readable image"):
        load_dataset(f"folder:{tmp_path}")


def test_folder_with_deep_images(tmp_path):
    """16 bits of gray come down to 8; of what has more, nobody knows which value is white."""
    write_images(tmp_path)
    deep = tmp_path / "train/cat/deep.png"
    Image.fromarray(np.full((10, 8), 40000, "uint16")).save(deep)
    train = load_dataset(f"folder:{tmp_path}").train
    np.testing.assert_array_equal(train.images[3], np.full((10, 8, 3), 156))
    Image.fromarray(np.ones((10, 8), "float32")).save(deep.with_suffix(".tiff"))
    with pytest.raises(UserError, match=r"deep.tiff has more than 16 bits per pixel"):
        load_dataset(f"folder:{tmp_path}")


def test_refuses_folders(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        check_dataset(f"folder:{tmp_path / 'missing'}")
    with pytest.raises(UserError, match="train holds no class folders"):
        check_dataset(f"folder:{tmp_path}")
    write_images(tmp_path)
    (tmp_path / "test/bird").mkdir()
    with pytest.raises(UserError, match="class 'bird' is in test but not in train"):
        check_dataset(f"folder:{tmp_path}")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_tensorflow_datasets_offline(tmp_path):
    builder = prepared(tmp_path)
    data = load_dataset("mnist", data_dir=str(tmp_path))
    assert data.train.images.shape == (30, 28, 28, 3)
    assert (len(data.test), data.flip, len(data.class_names)) == (20, False, 10)
    values = data.train.images.reshape(30, -1)
    assert (values == values[:, :1]).all()
    assert sorted(values[:, 0]) == list(range(30))
    np.testing.assert_array_equal(values[:, 0] % 10, data.train.labels)
    # Digits are mirrored by no name.
    assert not load_dataset("mnist:3.0.1", data_dir=str(tmp_path)).flip
    resized = load_dataset("mnist", data_dir=str(tmp_path), image_size=14)
    assert resized.image_shape == (14, 14, 3)

    record = next(builder.data_path.glob("*train*"))
    content = record.read_bytes()
    record.write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=r"train split is damaged .* download=True"):
        load_dataset("mnist", data_dir=str(tmp_path))
    record.unlink()
    with pytest.raises(UserError, match=r"is half prepared: .* is missing"):
        check_dataset("mnist", data_dir=str(tmp_path))


def test_refuses_data_folders(tmp_path):
    with pytest.raises(UserError, match=r"no such folder; download=True creates .*'digits'"):
        check_dataset("cifar10", str(tmp_path / "missing"))
    with pytest.raises(UserError, match=r"holds no prepared cifar10 \(looked in .*3.0.2\)"):
        check_dataset("cifar10", str(tmp_path))
    (tmp_path / "cifar10").write_text("a file")
    with pytest.raises(UserError, match="cifar10"):
        check_dataset("cifar10", str(tmp_path))


def test_refuses_unknown_names():
    with pytest.raises(UserError, match=r"'cifar11' is unknown; the nearest is 'cifar10'\. Valid:"):
        check_dataset("cifar11")


def test_says_what_to_do_without_a_network(tmp_path, monkeypatch):
    def no_network(*arguments):
        raise OSError("Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", no_network)
    monkeypatch.setattr("urllib.request.getproxies", dict)
    with pytest.raises(UserError, match=r"cifar100 is not in .* no network .* dataset='digits'"):
        load_dataset("cifar100", data_dir=str(tmp_path / "new"), download=True)
