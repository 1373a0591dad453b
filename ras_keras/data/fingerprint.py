"""What data a run meets: the same data have the same fingerprint, wherever they lie."""

import contextlib
import hashlib
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ras_keras.outputs.class_names import Names
from ras_keras.outputs.class_order import class_order, differing_classes, listed
from ras_keras.values.typed import Natural

# Of many files, those whose bytes are looked at, as long as they are not too many, and the seed
# that chooses them.
MOST_FILES = 1000
MOST_BYTES = 2**30
SEED = 0
READ_BYTES = 2**20


@dataclass(frozen=True)
class Fingerprint:
    """What tells one data set from another.

    Attributes:
        class_names: one for each label.
        training_images: of each class.
        test_images: likewise.
        contents: a digest in hexadecimal of what the data set was read from.
    """

    class_names: Names
    training_images: tuple[Natural, ...]
    test_images: tuple[Natural, ...]
    contents: str

    def check(self) -> None:
        """Refuses counts that are not as many as the classes.

        Raises:
            ValueError: saying so.
        """
        if not len(self.class_names) == len(self.training_images) == len(self.test_images):
            raise ValueError("its lists are not of one length")

    def difference(self, stored: "Fingerprint") -> str | None:
        """How these data differ from those of a run, None if they are the same."""
        order = class_order(self.class_names, stored.class_names)
        if order is None:
            return differing_classes(
                stored.class_names, self.class_names, "the run", "the data set"
            )
        if order != sorted(order):
            return f"the run has its classes in another order, {listed(stored.class_names)}"
        for what, now, before in (
            ("training", self.training_images, stored.training_images),
            ("test", self.test_images, stored.test_images),
        ):
            for name, count, former in zip(self.class_names, now, before, strict=True):
                if count != former:
                    return f"class {name!r} has {count:,} {what} images and had {former:,}"
        if self.contents != stored.contents:
            return "class names and counts are the same, the contents of the images differ"
        return None


def digest_of_arrays(arrays: Iterable[np.ndarray]) -> str:
    """The SHA-256 of arrays, their shapes and types included."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.shape} {array.dtype.str}\n".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def digest_of_files(files: Sequence[tuple[str, Path]]) -> str:
    """The SHA-256 of the names and sizes of files and of the bytes of some of them.

    They are at most 1,000 files and 1 GiB.

    Args:
        files: the name of each, which says nothing of where all of them lie, and its path.
    """
    digest = hashlib.sha256(digest_of_sizes(files).encode())
    # Chosen by their places in the order: the same ones as long as there are as many.
    left = MOST_BYTES
    for place in random.Random(SEED).sample(range(len(files)), min(len(files), MOST_FILES)):
        left -= files[place][1].stat().st_size
        if left < 0:
            break
        # One that cannot be opened is named where images are read.
        with contextlib.suppress(PermissionError), files[place][1].open("rb") as stream:
            while piece := stream.read(READ_BYTES):
                digest.update(piece)
    return digest.hexdigest()


def digest_of_sizes(files: Iterable[tuple[str, Path]]) -> str:
    """The SHA-256 of the names and sizes of files."""
    digest = hashlib.sha256()
    for name, path in files:
        digest.update(f"{path.stat().st_size} {name}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
