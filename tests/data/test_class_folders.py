"""Folders of one's own, as people have them."""

import os
import unicodedata

import numpy as np
import pytest
from PIL import Image

from ras_keras.data import ImageDataset, Images, check_dataset, load_dataset
from ras_keras.errors import UserError
from tests.data.test_datasets import write_images


@pytest.fixture
def pets(tmp_path):
    write_images(tmp_path / "pets", count=2)
    return tmp_path / "pets"


def refused(folder) -> str:
    with pytest.raises(UserError) as error:
        check_dataset(f"folder:{folder}")
    assert "\n" not in str(error.value)
    return str(error.value)


def rename_all(folder, change):
    for file in sorted(folder.glob("*")):
        file.rename(change(file))


def test_what_is_no_class_and_no_image_is_passed_over_and_counted(pets):
    for place in ("train/._cat", "train/__MACOSX", "test/@eaDir", "train/cat/.thumbnails"):
        (pets / place).mkdir()
        (pets / place / "a.png").write_bytes(b"no image")
    for file in ("train/cat/._0.png", "train/cat/Thumbs.db", "test/dog/.DS_Store", "train/cat.png"):
        (pets / file).write_bytes(b"no image")
    (pets / "train/dog/more").mkdir()
    Image.new("RGB", (8, 8)).save(pets / "train/dog/more/0.png")
    for name in ("a.heic", "b.HEIC", "README"):
        (pets / "train/dog" / name).touch()
    data = load_dataset(f"folder:{pets}")
    assert data.class_names == ("cat", "dog")
    assert (len(data.train), len(data.test)) == (4, 4)
    (notice,) = data.notices
    for part in ("6 hidden", "2 .heic", "1 .db", "others"):
        assert part in notice


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda file: file.with_suffix(".heic"), ["holds 2 .heic", "images end in .png"]),
        (lambda file: file.with_name(f".{file.name}"), ["holds 2 hidden"]),
        (lambda file: file.parent / "day" / file.name, ["2 lie in folders below", "day"]),
        (lambda file: file.parents[2] / file.name, ["holds nothing"]),
    ],
)
def test_a_class_without_training_images_is_refused_by_name(pets, change, says):
    dog = pets / "train/dog"
    files = sorted(dog.glob("*"))
    (dog / "day").mkdir()
    for file in files:
        file.rename(change(file))
    if not any((dog / "day").iterdir()):
        (dog / "day").rmdir()
    message = refused(pets)
    for part in ["class 'dog' has no training images", str(dog), *says]:
        assert part in message


def test_classes_that_one_side_lacks(pets):
    rename_all(pets / "test/dog", lambda file: file.with_suffix(".txt"))
    assert "no test images of 'dog'" in load_dataset(f"folder:{pets}").notices
    (pets / "train/dog").rename(pets / "train/Dog")
    assert "class 'dog' is in test but not in train" in refused(pets)
    (pets / "test/dog").rename(pets / "test/Dog")
    rename_all(pets / "test/cat", lambda file: file.with_suffix(".txt"))
    assert "test holds no images of its classes" in refused(pets)


def test_one_class_is_refused(tmp_path):
    write_images(tmp_path, classes=("cat",))
    assert "its one class is 'cat'; a classifier needs two or more" in refused(tmp_path)
    images = Images(np.zeros((2, 4, 4, 3), "uint8"), np.zeros(2, "int32"))
    with pytest.raises(UserError, match="'made' has 1 class; a classifier needs two"):
        ImageDataset("made", images, images, ("a",))


@pytest.mark.parametrize("name", [b"caf\xe9", b"a\tb", b"a\nb", b"a\x1b[31mb"])
def test_names_that_cannot_be_written_down_are_refused(pets, name):
    for split in ("train", "test"):
        (pets / split / "cat").rename(pets / split / os.fsdecode(name))
    message = refused(pets)
    assert f"the class folder {os.fsdecode(name)!r} has a name" in message
    assert "\x1b" not in message
    message.encode()


def test_names_are_equal_in_each_form_of_unicode(pets):
    composed, apart = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
    (pets / "train/cat").rename(pets / "train" / apart)
    (pets / "test/cat").rename(pets / "test" / composed)
    data = load_dataset(f"folder:{pets}")
    assert data.class_names == (composed, "dog")
    assert (np.bincount(data.train.labels) == np.bincount(data.test.labels)).all()
    (pets / "train/dog").rename(pets / "train" / composed)
    assert "in two forms of Unicode" in refused(pets)


def test_names_that_are_nearly_the_same(pets):
    for split in ("train", "test"):
        (pets / split / "dog").rename(pets / split / "CAT ")
    (notice,) = load_dataset(f"folder:{pets}").notices
    assert notice == "the classes 'CAT ', 'cat' differ by case, spaces or dots alone"


def test_links(pets, tmp_path):
    (pets / "train/cat").rename(tmp_path / "elsewhere")
    (pets / "train/cat").symlink_to(tmp_path / "elsewhere")
    (pets / "train/cat/up").symlink_to(pets / "train")
    (pets / "train/dog/linked.png").symlink_to(tmp_path / "elsewhere/0.png")
    data = load_dataset(f"folder:{pets}")
    np.testing.assert_array_equal(np.bincount(data.train.labels), [2, 3])
    (pets / "train/dog/gone.png").symlink_to(tmp_path / "nothing")
    assert f"{pets}/train/dog/gone.png cannot be read" in refused(pets)
    (pets / "train/dog/gone.png").unlink()
    (pets / "train/fox").symlink_to("fox")
    assert "train/fox is a link that leads nowhere" in refused(pets)
    (pets / "train/fox").unlink()
    (pets / "train/fox").symlink_to(tmp_path / "elsewhere")
    assert "are one folder" in refused(pets)


def test_a_folder_that_cannot_be_listed(pets, monkeypatch):
    scan = os.scandir

    def denied(path):
        if str(path).endswith("dog"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", denied)
    assert "train/dog cannot be read" in refused(pets)


def test_train_and_test_in_one_folder(pets):
    (pets / "test").rename(pets / "aside")
    (pets / "test").symlink_to("train")
    assert "train and test are one folder" in load_dataset(f"folder:{pets}").notices[0]


def test_a_folder_that_moved(pets):
    moved = pets.rename(pets.with_name("animals"))
    assert "no such folder" in refused(pets)
    assert len(load_dataset(f"folder:{pets}", data_dir=str(moved)).train) == 4
    inner = moved.with_name("photos")
    inner.mkdir()
    moved.rename(inner / "pets")
    assert len(load_dataset("folder:pets", data_dir=str(inner)).train) == 4
    assert "dataset='folder:' names no folder" in refused("")


@pytest.mark.parametrize(("size", "says"), [(0, ">= 1"), (-1, ">= 1"), (8001, "at most 8,000")])
@pytest.mark.parametrize("name", ["digits", "folder:nowhere", "cifar10"])
def test_image_sizes_are_bounded(name, size, says):
    for function in (check_dataset, load_dataset):
        with pytest.raises(UserError, match=f"`image_size` must be {says}. Received: {size}"):
            function(name, image_size=size)
