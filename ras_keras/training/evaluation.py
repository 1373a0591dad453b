"""How good a model is on labelled images."""

from dataclasses import dataclass

import keras
import numpy as np

from ras_keras.data.image_dataset import Images
from ras_keras.errors import UserError
from ras_keras.pixels import in_pixel_units


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

    @property
    def top5(self) -> float | None:
        """Top-5 accuracy, None where there are so few classes that it says little."""
        return self.top(5) if self.probabilities.shape[1] > 10 else None

    def summary(self) -> dict:
        summary = {"test_loss": self.loss, "test_accuracy": self.accuracy}
        return summary if self.top5 is None else {**summary, "test_top5_accuracy": self.top5}


def evaluate(
    model: keras.Model, images: Images, classes: int, batch_size: int, verbose: int = 0
) -> Evaluation:
    """Predicts the classes of `images` by a model of probabilities or logits.

    Raises:
        UserError: if the model takes other images or has another number of
            classes.
    """
    check_images(model, images)
    outputs = model.predict(in_pixel_units(images.images), batch_size=batch_size, verbose=verbose)
    if outputs.ndim != 2 or outputs.shape[1] != classes:
        raise UserError(
            f"the model's output of shape {outputs.shape[1:]} is not one number for each of the "
            f"{classes} classes; evaluate it on the data set it was trained on (--dataset)."
        )
    if outputs.min() < 0 or not np.allclose(outputs.sum(axis=1), 1, atol=1e-2):
        outputs = keras.ops.convert_to_numpy(keras.ops.softmax(outputs))
    return Evaluation(images.labels, outputs)


def check_images(model: keras.Model, images: Images) -> None:
    """Refuses images that a model does not take.

    Raises:
        UserError: naming both shapes.
    """
    expected, received = getattr(model, "input_shape", None), images.images.shape
    if isinstance(expected, tuple) and not (
        len(expected) == len(received)
        and all(size in (None, found) for size, found in zip(expected, received, strict=True))
    ):
        raise UserError(
            f"the model takes images of shape {expected[1:]} and these are {received[1:]}; "
            "--image-size resizes them, --dataset chooses others."
        )
