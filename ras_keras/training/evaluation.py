"""How good a model is on labelled images."""

from dataclasses import dataclass

import keras
import numpy as np

from ras_keras.data.image_dataset import Images
from ras_keras.errors import UserError


@dataclass(frozen=True)
class Evaluation:
    """Predictions on labelled images.

    Attributes:
        labels: (N,), the truth.
        probabilities: (N, classes).
    """

    labels: np.ndarray
    probabilities: np.ndarray

    @property
    def predictions(self) -> np.ndarray:
        return self.probabilities.argmax(axis=1)

    @property
    def loss(self) -> float:
        """Mean cross-entropy in nats."""
        chosen = self.probabilities[np.arange(len(self.labels)), self.labels]
        return float(-np.log(np.maximum(chosen, keras.config.epsilon())).mean())

    @property
    def accuracy(self) -> float:
        return self.top(1)

    def top(self, n: int) -> float:
        """The share of images whose label is among the `n` most probable classes."""
        best = np.argsort(-self.probabilities, axis=1, kind="stable")[:, :n]
        return float((best == self.labels[:, None]).any(axis=1).mean())

    def summary(self) -> dict:
        summary = {"test_loss": self.loss, "test_accuracy": self.accuracy}
        if self.probabilities.shape[1] > 10:
            summary["test_top5_accuracy"] = self.top(5)
        return summary


def evaluate(model: keras.Model, images: Images, batch_size: int, verbose: int = 0) -> Evaluation:
    """Predicts the classes of `images`.

    Raises:
        UserError: if the model does not take such images or has fewer classes
            than the labels.
    """
    classes = model.output_shape[-1]
    if images.labels.max() >= classes:
        raise UserError(
            f"label {images.labels.max()} is outside the model's {classes} classes; evaluate it on "
            "the data set it was trained on (--dataset)."
        )
    expected, received = model.input_shape[1:], images.images.shape[1:]
    if any(size not in (None, found) for size, found in zip(expected, received, strict=True)):
        raise UserError(
            f"the model takes images of shape {expected} and these are {received}; --image-size "
            "resizes them."
        )
    probabilities = model.predict(images.images, batch_size=batch_size, verbose=verbose)
    return Evaluation(images.labels, probabilities)
