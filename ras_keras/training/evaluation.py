"""How good a model is on labelled images."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np

from ras_keras.data.batches import evaluation_batches
from ras_keras.data.image_dataset import Images
from ras_keras.data.unreadable import unreadable_named
from ras_keras.errors import Argument, UserError
from ras_keras.outputs import image_classifier
from ras_keras.pixels import in_pixel_units

CALIBRATION_BINS = 15


@dataclass(frozen=True)
class Evaluation:
    """Predictions on labelled images.

    Attributes:
        labels: (N,), the truth.
        probabilities: (N, classes).
        exclusive: whether they are of classes that exclude each other, and add up to 1.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    exclusive: bool = True

    @property
    def predictions(self) -> np.ndarray:
        return self.probabilities.argmax(axis=1)

    @property
    def loss(self) -> float | None:
        """Mean cross-entropy in nats; None where classes do not exclude each other."""
        if not self.exclusive:
            return None
        chosen = self.probabilities[np.arange(len(self.labels)), self.labels]
        return float(-np.log(np.maximum(chosen, keras.config.epsilon())).mean())

    @property
    def accuracy(self) -> float:
        return self.top(1)

    def top(self, n: int) -> float:
        """The share of images whose label is among the `n` most probable classes."""
        best = np.argsort(-self.probabilities, axis=1, kind="stable")[:, :n]
        return float((best == self.labels[:, None]).any(axis=1).mean())

    @property
    def top5(self) -> float | None:
        """Top-5 accuracy, None where there are so few classes that it says little."""
        return self.top(5) if self.probabilities.shape[1] > 10 else None

    @property
    def calibration_error(self) -> float | None:
        """Expected calibration error, None where classes do not exclude each other.

        The mean over images of |accuracy - confidence| of their bin; a bin holds the images whose
        largest probability lies in one fifteenth of 0..1. Source: Guo et al., arXiv 1706.04599,
        Eq. (3).
        """
        if not self.exclusive:
            return None
        confidences = self.probabilities.max(axis=1)
        bins = np.minimum((confidences * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
        excess = confidences - (self.predictions == self.labels)
        return float(np.abs(np.bincount(bins, excess)).sum() / len(self.labels))

    def differing(self, other: "Evaluation") -> float:
        """The share of the same images to which another model gives another label."""
        return float((self.predictions != other.predictions).mean())

    def summary(self) -> dict:
        summary = {"test_loss": self.loss, "test_accuracy": self.accuracy}
        return summary if self.top5 is None else {**summary, "test_top5_accuracy": self.top5}


def evaluate(
    model: keras.Model, images: Images, classes: int, batch_size: int, verbose: int = 0
) -> Evaluation:
    """Predicts the classes of `images`, as `image_classifier` reads what the model returns.

    Raises:
        UserError: if the model takes other images, has another number of classes, or is no
            classifier.
    """
    shape = getattr(model, "input_shape", None)
    if isinstance(shape, tuple):
        check_images(shape[1:], images)
    classifier = image_classifier(model)
    check_images(classifier.model.input_shape[1:], images)
    check_classes(classifier.classes, classes)
    pixels = images.images
    if isinstance(pixels, np.ndarray):
        pixels = in_pixel_units(pixels)
    else:
        pixels = evaluation_batches(images, batch_size).map(lambda batch, labels: batch)
    with unreadable_named(images):
        outputs = classifier.model.predict(pixels, batch_size=batch_size, verbose=verbose)
    return Evaluation(images.labels, np.asarray(outputs, "float32"), classifier.exclusive)


def check_classes(returned: int, classes: int) -> None:
    """Refuses a model of another number of classes than the labels have.

    Raises:
        UserError: saying how many there are of each.
    """
    if returned != classes:
        raise UserError(
            f"the model's output of shape ({returned},) is not one number for each of the "
            f"{classes} classes; evaluate it on the data set it was trained on (",
            Argument("dataset"),
            ").",
        )


def check_images(image_shape: Sequence[int | None], images: Images) -> None:
    """Refuses images that a model does not take.

    Args:
        image_shape: of the model's, without the batch; None is any size.
        images: all of one shape.

    Raises:
        UserError: naming both shapes.
    """
    expected, received = tuple(image_shape), images.images.shape[1:]
    if len(expected) != len(received) or not all(
        size in (None, found) for size, found in zip(expected, received, strict=True)
    ):
        raise UserError(
            f"the model takes images of shape {expected} and these are {received}; ",
            Argument("image_size"),
            " resizes them, ",
            Argument("dataset"),
            " chooses others.",
        )
