"""What every data set is turned into: images, as arrays or encoded, and labels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ras_keras.data.decoded_images import DecodedImages
from ras_keras.data.encoded.encoded_images import EncodedImages
from ras_keras.data.fingerprint import Fingerprint
from ras_keras.errors import Argument, UserError

# A channel whose deviation is less than one of the 255 levels counts as constant. Black from a
# crop's padding, divided by so little, would swamp the network; it is divided by about the
# deviation of photographs.
CONSTANT = 1.0
PHOTOGRAPHS_DEVIATION = 64.0
# Training images whose pixels are looked at for their mean and variance, at equal distances.
STATISTICS_IMAGES, STATISTICS_BATCH = 2_000, 500


@dataclass(frozen=True)
class Images:
    """Images with their labels.

    Attributes:
        images: uint8, (N, H, W, 3): an array, or one that decodes what it is asked for.
        labels: int32, (N,).
    """

    images: np.ndarray | DecodedImages | EncodedImages
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def name(self, index: int) -> str:
        """The name of an image's file or record, where it has one, else its number."""
        if isinstance(self.images, EncodedImages):
            return self.images.name(index)
        return f"image {index}"

    def subset(self, indices: np.ndarray) -> "Images":
        return Images(self.images.take(indices, axis=0), self.labels[indices])


def equally_spaced(length: int, count: int) -> np.ndarray:
    """Indices at equal distances, from first to last; all of them if `count` is more.

    They follow no seed, and of images that lie class by class come from every class.
    """
    return np.linspace(0, length - 1, min(count, length)).astype(int)


@dataclass(frozen=True)
class ImageDataset:
    """A data set and what is particular to it.

    Attributes:
        name: by which it was asked for.
        train: the training images.
        test: the test images.
        class_names: one for each label.
        crop_padding: pixels of black around an image before a random crop.
        flip: whether a mirrored image is as good as the original.
        drop_remainder: whether the last, smaller batch of an epoch is left out.
        mean: of each channel, 0..255; None for the mean of the training images.
        variance: of each channel, in squared pixel units; None likewise.
        notices: what whoever uses it should be told, a sentence each.
        contents: a digest of what it was read from, empty where that is not known.
    """

    name: str
    train: Images
    test: Images
    class_names: tuple[str, ...]
    crop_padding: int = 4
    flip: bool = True
    drop_remainder: bool = False
    mean: tuple[float, ...] | None = None
    variance: tuple[float, ...] | None = None
    notices: tuple[str, ...] = ()
    contents: str = ""

    def __post_init__(self):
        if len(self.class_names) < 2:
            raise UserError(
                f"data set {self.name!r} has {len(self.class_names)} class; a classifier needs two "
                "or more."
            )
        for split, images in (("train", self.train), ("test", self.test)):
            if not len(images):
                raise UserError(f"data set {self.name!r}: its {split} split holds no images.")
            outside = images.labels[(images.labels < 0) | (images.labels >= len(self.class_names))]
            if len(outside):
                raise UserError(
                    f"data set {self.name!r}: label {outside[0]} in the {split} split is outside "
                    f"the {len(self.class_names)} classes 0..{len(self.class_names) - 1}; "
                    "correct its labels."
                )

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return self.train.images.shape[1:]

    def fingerprint(self) -> Fingerprint:
        """What tells it from other data sets."""
        train, test = (
            tuple(np.bincount(each.labels, minlength=len(self.class_names)).tolist())
            for each in (self.train, self.test)
        )
        return Fingerprint(self.class_names, train, test, self.contents)

    def with_classes(self, names: Sequence[str], places: Sequence[int]) -> "ImageDataset":
        """The data set with its classes in another order.

        Args:
            names: of the classes, in their new order.
            places: for each class of the data set its new label.
        """
        new = np.array(places, "int32")
        train, test = (replace(each, labels=new[each.labels]) for each in (self.train, self.test))
        return replace(self, train=train, test=test, class_names=tuple(names))

    def hold_out(self, fraction: float, seed: int) -> tuple["ImageDataset", Images | None]:
        """Splits off part of the training images, the same ones for the same seed.

        Returns:
            The data set with the remaining training images, and the held-out
            images, None for a fraction of 0.

        Raises:
            UserError: if either part would be empty.
        """
        if fraction == 0:
            return self, None
        held = round(fraction * len(self.train))
        if not 0 < held < len(self.train):
            raise UserError(
                Argument("validation_split", fraction),
                f" leaves no images on one side of the {len(self.train)} training images of "
                f"{self.name!r}; choose another fraction.",
            )
        order = np.random.default_rng([seed, len(self.train)]).permutation(len(self.train))
        # Sorted, so that memory is read in order.
        validation = self.train.subset(np.sort(order[:held]))
        return replace(self, train=self.train.subset(np.sort(order[held:]))), validation

    def keep(self, count: int | None, seed: int) -> "ImageDataset":
        """The data set with `count` of its training images, the same ones for the same seed.

        Raises:
            UserError: if it has fewer.
        """
        if count is None:
            return self
        if count > len(self.train):
            raise UserError(
                Argument("training_images", count),
                f" is more than the {len(self.train):,} training images of {self.name!r}; choose "
                "fewer.",
            )
        order = np.random.default_rng([seed, count]).permutation(len(self.train))
        return replace(self, train=self.train.subset(np.sort(order[:count])))

    def pixel_statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Mean and variance of each channel: the published ones, or the training images' own.

        Of more than 2,000 images they are those of 2,000 at equal distances.

        A constant channel is given the variance of photographs.
        """
        if self.mean is not None and self.variance is not None:
            return self.mean, self.variance
        means, variances = self._own_statistics
        return means, tuple(
            PHOTOGRAPHS_DEVIATION**2 if variance < CONSTANT**2 else variance
            for variance in variances
        )

    @property
    def constant_channels(self) -> tuple[int, ...]:
        """Numbers of the channels that are normalized as if they were not constant."""
        if self._published:
            return ()
        _, variances = self._own_statistics
        return tuple(i for i, variance in enumerate(variances) if variance < CONSTANT**2)

    @property
    def _published(self):
        return self.mean is not None and self.variance is not None

    @cached_property
    def _own_statistics(self):
        chosen = equally_spaced(len(self.train), STATISTICS_IMAGES)
        counts = np.zeros((self.image_shape[-1], 256), "int64")
        for start in range(0, len(chosen), STATISTICS_BATCH):
            images = self.train.images[chosen[start : start + STATISTICS_BATCH]]
            for channel, levels in enumerate(counts):
                levels += np.bincount(images[..., channel].ravel(), minlength=256)
        levels = np.arange(256)
        means = [float(np.average(levels, weights=each)) for each in counts]
        variances = [
            float(np.average((levels - mean) ** 2, weights=each))
            for mean, each in zip(means, counts, strict=True)
        ]
        return tuple(means), tuple(variances)
