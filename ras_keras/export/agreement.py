"""Whether an exported model says of real images what the Keras model says of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path

import keras
import numpy as np

from ras_keras.data import ImageDataset
from ras_keras.data.image_dataset import equally_spaced
from ras_keras.inference.images import UnreadableImage

# Trained networks are sure of one class for noise; only images like those that they learned tell
# two of them apart.
IMAGES = 200
BATCH_SIZE = 40
LOG_TOLERANCE = 1e-3
# Of a probability: closer ones are a tie, which float32 does not decide.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Agreement:
    """How far the probabilities of two models differ.

    Attributes:
        images: that were compared.
        changed: images whose most probable class differs.
        log_difference: the largest one of log-probabilities.
        difference: the largest one of probabilities.
    """

    images: int
    changed: int
    log_difference: float
    difference: float

    @property
    def holds(self) -> bool:
        # Written so that NaN does not hold.
        return self.changed == 0 and self.log_difference <= LOG_TOLERANCE

    def __str__(self) -> str:
        few = f" (fewer than {IMAGES})" if self.images < IMAGES else ""
        return (
            f"on {self.images} images{few} {self.changed} labels changed, largest difference to "
            f"Keras's {self.log_difference:.2g} in log-probabilities, {self.difference:.2g} in "
            "probabilities"
        )


@dataclass(frozen=True)
class Reference:
    """Real images, and what the Keras model says of them.

    Attributes:
        batches: of images, uint8 (N, H, W, channels); H and W may differ from batch to batch.
        probabilities: float32 (N, classes) for each of the batches.
        least: the probability down to which its logarithm is right.
    """

    batches: Sequence[np.ndarray]
    probabilities: Sequence[np.ndarray]
    least: float

    @classmethod
    def of(cls, model: keras.Model, images: Iterable[np.ndarray], least: float) -> "Reference":
        """What a model says.

        Args:
            model: from raw images to probabilities, in float32.
            images: uint8 (H, W, channels), of sizes that the model takes.
            least: the probability down to which its logarithm is right.
        """
        batches = []
        for _, same_size in groupby(images, lambda image: image.shape):
            while batch := list(islice(same_size, BATCH_SIZE)):
                batches.append(np.stack(batch))
        return cls(batches, [np.asarray(model.predict_on_batch(each)) for each in batches], least)

    def compare(self, predict: Callable[[np.ndarray], np.ndarray]) -> Agreement:
        """How far another model is from it.

        Args:
            predict: from raw images to probabilities, float32 (N, classes).
        """
        ours = np.concatenate(self.probabilities)
        theirs = np.concatenate([predict(images) for images in self.batches])
        chosen = np.take_along_axis(ours, theirs.argmax(axis=1)[:, None], axis=1)[:, 0]
        # A saturated softmax is equal for several classes; either of them is right.
        changed = int((chosen < (1 - ROUNDING) * ours.max(axis=1)).sum())
        logs = [np.log(np.maximum(each, self.least)) for each in (ours, theirs)]
        return Agreement(
            len(ours),
            changed,
            float(np.abs(logs[0] - logs[1]).max()),
            float(np.abs(ours - theirs).max()),
        )


def images_of_dataset(dataset: ImageDataset) -> np.ndarray:
    """Test images at equal distances, filled up by training images: uint8 (N, H, W, channels).

    Returns:
        `IMAGES` of them, or all if there are fewer.
    """
    test = dataset.test.images[equally_spaced(len(dataset.test), IMAGES)]
    return np.concatenate(
        [test, dataset.train.images[equally_spaced(len(dataset.train), IMAGES - len(test))]]
    )


def images_of_files(
    files: Sequence[Path],
    read: Callable[[Path], np.ndarray],
    unreadable: Callable[[UnreadableImage], None],
) -> list[np.ndarray]:
    """Images from files at equal distances, others in place of those that cannot be read.

    Args:
        files: any number.
        read: from a file to uint8 (H, W, channels), such as `Predictor.read`.
        unreadable: called for an image that cannot be read.

    Returns:
        uint8 (H, W, channels), `IMAGES` of them, or fewer if no more can be read.
    """
    first = equally_spaced(len(files), IMAGES)
    images: list[np.ndarray] = []
    for number in dict.fromkeys([*first.tolist(), *range(len(files))]):
        if len(images) == IMAGES:
            break
        try:
            images.append(read(files[number]))
        except UnreadableImage as error:
            unreadable(error)
    return images
