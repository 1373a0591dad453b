"""The same data have the same fingerprint wherever they lie, others have another."""

import hashlib
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from ras_keras.data import fingerprint as fingerprint_module
from ras_keras.data import load_dataset
from ras_keras.data.fingerprint import MOST_FILES, digest_of_arrays, digest_of_files
from ras_keras.data.prepared import tensorflow_datasets


@pytest.fixture
def pets(tmp_path):
    """A folder of two classes: three training images and one test image each."""
    folder = tmp_path / "pets"
    for split, count in (("train", 3), ("test", 1)):
        for level, name in ((50, "cat"), (90, "größe")):
            place = folder / split / name
            place.mkdir(parents=True)
            for i in range(count):
                Image.new("RGB", (4, 4), (level + i, 0, 0)).save(place / f"{i}.bmp")
    return folder


def fingerprint(folder):
    return load_dataset(f"folder:{folder}").fingerprint()


def test_a_folder_is_the_same_in_another_place(pets, tmp_path, monkeypatch):
    first = fingerprint(pets)
    assert first.class_names == ("cat", "größe")
    assert (first.training_images, first.test_images) == ((3, 3), (1, 1))
    shutil.copytree(pets, tmp_path / "deep/er")
    pets.rename(tmp_path / "animals")
    os.utime(tmp_path / "animals/train/cat/0.bmp", (0, 0))
    assert fingerprint(tmp_path / "deep/er") == fingerprint(tmp_path / "animals") == first
    assert first.difference(first) is None
    monkeypatch.chdir(tmp_path)
    assert fingerprint("animals") == first


def swap(pets):
    """Equal names, counts and sizes of files: two images change places."""
    first, second = (pets / "train" / name / "0.bmp" for name in ("cat", "größe"))
    bytes_of_first = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(bytes_of_first)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (swap, "names and counts are the same, the contents of the images differ"),
        (lambda pets: (pets / "train/cat/0.bmp").rename(pets / "train/cat/9.bmp"), "contents"),
        (
            lambda pets: (pets / "train/cat/0.bmp").unlink(),
            "class 'cat' has 2 training images and had 3",
        ),
        (
            lambda pets: shutil.copy(pets / "test/cat/0.bmp", pets / "test/cat/1.bmp"),
            "class 'cat' has 2 test images and had 1",
        ),
        (
            lambda pets: [(pets / each / "cat").rename(pets / each / "zebra") for each in SPLITS],
            "only the run has 'cat', only the data set has 'zebra'",
        ),
        (
            lambda pets: [shutil.copytree(pets / s / "cat", pets / s / "ant") for s in SPLITS],
            "only the data set has 'ant'",
        ),
    ],
)
def test_a_changed_folder_is_another(pets, change, says):
    before = fingerprint(pets)
    change(pets)
    assert says in fingerprint(pets).difference(before)


SPLITS = ("train", "test")


def test_another_order_of_classes_is_said(pets):
    before = fingerprint(pets)
    turned = replace(before, class_names=before.class_names[::-1])
    assert "in another order" in before.difference(turned)


def test_digits_and_arrays():
    first, second = (load_dataset("digits").fingerprint() for _ in range(2))
    assert first == second
    assert sum(first.training_images) == 1437
    array = np.arange(6, dtype="int32")
    other = [array.reshape(2, 3), array.astype("int64"), array[::-1], array + 1]
    assert len({digest_of_arrays([each]) for each in (array, *other)}) == 5


def test_at_most_a_thousand_files_are_read(tmp_path):
    """All names and sizes count, and the bytes of those that the seed has chosen."""
    files = [(f"{i:04}", tmp_path / f"{i:04}") for i in range(MOST_FILES + 500)]
    for _, file in files:
        file.write_bytes(b"a")
    start = time.process_time()
    before = digest_of_files(files)
    assert time.process_time() - start < 2
    found = 0
    for _, file in files[:8]:
        file.write_bytes(b"b")
        found += digest_of_files(files) != before
        file.write_bytes(b"a")
    assert 0 < found < 8
    unread = digest_of_files(files[:-1])
    assert unread != before
    files[-1][1].write_bytes(b"aa")
    assert digest_of_files(files) != before


def test_a_file_that_may_not_be_opened_has_a_digest(tmp_path, monkeypatch):
    """Reading the images names it."""
    files = [(str(i), tmp_path / str(i)) for i in range(2)]
    for name, file in files:
        file.write_text(name)
    whole = digest_of_files(files)
    opened = Path.open

    def refused(path, *arguments):
        if path.name == "1":
            raise PermissionError
        return opened(path, *arguments)

    monkeypatch.setattr(Path, "open", refused)
    assert digest_of_files(files) not in (whole, digest_of_files(files[:1]))


def test_of_large_files_some_are_read(tmp_path, monkeypatch):
    files = [(str(i), tmp_path / str(i)) for i in range(6)]
    for _, file in files:
        file.write_bytes(b"a" * 10)
    monkeypatch.setattr(fingerprint_module, "MOST_BYTES", 35)
    before, found = digest_of_files(files), 0
    for _, file in files:
        file.write_bytes(b"b" * 10)
        found += digest_of_files(files) != before
        file.write_bytes(b"a" * 10)
    assert found == 3


def test_a_tensorflow_dataset_goes_by_version_and_shards(tmp_path):
    def builder(folder, version="made/1.0.0", size=5):
        folder.mkdir(exist_ok=True)
        for split in SPLITS:
            (folder / f"made-{split}.tfrecord").write_bytes(b"x" * size)
        splits = {
            split: SimpleNamespace(filepaths=[str(folder / f"made-{split}.tfrecord")])
            for split in SPLITS
        }
        return SimpleNamespace(info=SimpleNamespace(full_name=version, splits=splits))

    digest = tensorflow_datasets._digest
    first = digest(builder(tmp_path / "a"), SPLITS)
    assert first == digest(builder(tmp_path / "b"), SPLITS)
    assert len(first) == hashlib.sha256().digest_size * 2
    assert first != digest(builder(tmp_path / "a", version="made/2.0.0"), SPLITS)
    assert first != digest(builder(tmp_path / "a", size=6), SPLITS)
