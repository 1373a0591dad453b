"""What a detection data set is turned into: image files and the boxes of their objects."""

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ras_keras.data.fingerprint import Fingerprint, digest_of_arrays, digest_of_files


@dataclass(frozen=True, eq=False)
class AnnotatedImages:
    """N image files with the boxes of their objects.

    Attributes:
        paths: of the files.
        sizes: int32, (N, 2): height and width in pixels, as the annotations say.
        boxes: of each image, float32 (m, 4): left, top, right, bottom in its pixels; all of them
            lie within it and have a width and a height.
        labels: of each image, int32 (m,).
        crowd: of each image, bool (m,): boxes around several objects, or around one that is
            marked as difficult, which are not trained on and not counted in an evaluation.
        areas: of each image, float32 (m,): in pixels, of the object where the format says it, of
            the box otherwise; an evaluation by size goes by it.
        ids: of the images, as the format has them.
        class_names: one for each label.
        notices: what was passed over or may be a mistake, a sentence each.
    """

    paths: tuple[Path, ...]
    sizes: np.ndarray
    boxes: tuple[np.ndarray, ...]
    labels: tuple[np.ndarray, ...]
    crowd: tuple[np.ndarray, ...]
    areas: tuple[np.ndarray, ...]
    ids: tuple[int | str, ...]
    class_names: tuple[str, ...]
    notices: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.paths)

    def subset(self, indices: Sequence[int] | np.ndarray) -> "AnnotatedImages":
        """The images at the indices, in their order, without the notices of the whole."""
        places = [*map(int, indices)]
        each = {
            name: tuple(getattr(self, name)[place] for place in places)
            for name in ("paths", "boxes", "labels", "crowd", "areas", "ids")
        }
        return AnnotatedImages(sizes=self.sizes[places], class_names=self.class_names, **each)

    @cached_property
    def box_counts(self) -> np.ndarray:
        """Boxes of each class, without those of crowds: int64 (classes,)."""
        labels = [found[~crowd] for found, crowd in zip(self.labels, self.crowd, strict=True)] or [
            np.empty(0, "int32")
        ]
        return np.bincount(np.concatenate(labels), minlength=len(self.class_names))

    @cached_property
    def image_counts(self) -> np.ndarray:
        """Images that hold a box of each class, without those of crowds: int64 (classes,)."""
        counts = np.zeros(len(self.class_names), "int64")
        for labels, crowd in zip(self.labels, self.crowd, strict=True):
            counts[np.unique(labels[~crowd])] += 1
        return counts

    @property
    def most_boxes(self) -> int:
        """The largest number of boxes of an image, without those of crowds; at least 1."""
        return max((int((~crowd).sum()) for crowd in self.crowd), default=0) or 1

    def digest(self) -> str:
        """The SHA-256 of the images, their boxes and classes, wherever the files lie."""
        files = [
            (unicodedata.normalize("NFC", f"{number} {path.name}"), path)
            for number, path in zip(self.ids, self.paths, strict=True)
        ]
        annotations = (self.boxes, self.labels, self.crowd, self.areas)
        arrays = [self.sizes, *(array for arrays in annotations for array in arrays)]
        digest = hashlib.sha256("\n".join(self.class_names).encode())
        digest.update(digest_of_arrays(arrays).encode())
        digest.update(digest_of_files(files).encode())
        return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class DetectionData:
    """The splits of a detection data set, with the same classes.

    Attributes:
        train: the training images.
        validation: None where there are none.
        test: None where there are none.
        class_names: one for each label.
        notices: what whoever uses it should be told, a sentence each, those of the splits among
            them.
    """

    train: AnnotatedImages
    validation: AnnotatedImages | None
    test: AnnotatedImages | None
    class_names: tuple[str, ...]
    notices: tuple[str, ...] = ()

    def fingerprint(self) -> Fingerprint:
        """What tells it from other data sets.

        It counts the images that hold a box of each class: those of training, and those of test
        where there are any, of validation otherwise.
        """
        splits = [each for each in (self.train, self.validation, self.test) if each is not None]
        digest = hashlib.sha256("\n".join(each.digest() for each in splits).encode())
        tested = self.validation if self.test is None else self.test
        counts = self.train.image_counts, (None if tested is None else tested.image_counts)
        train, test = (
            (0,) * len(self.class_names) if each is None else tuple(each.tolist())
            for each in counts
        )
        return Fingerprint(self.class_names, train, test, digest.hexdigest())
