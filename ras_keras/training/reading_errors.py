"""Names the image at which a training stopped."""

import contextlib
from typing import Protocol

import keras
import tensorflow as tf

from ras_keras.data.encoded.failures import failure_named
from ras_keras.data.image_dataset import Images
from ras_keras.data.unreadable import unreadable
from ras_keras.errors import UserError

# Batches that are being read at most while one is trained on.
AHEAD = 100


class Batches(Protocol):
    """Batches as functions of the step."""

    @property
    def train(self) -> Images: ...

    @property
    def steps_per_epoch(self) -> int: ...

    def index(self, step) -> tf.Tensor:
        """Which images the batch of a step holds: int32 (n,)."""


def stopped_by_image(
    model: keras.Model, batches: Batches, watched: Images | None
) -> contextlib.AbstractContextManager[None]:
    """Turns the failure of TensorFlow to read an image into an error that names it, and the step.

    Batches are functions of the step, so that those under way are looked through for it.

    Args:
        model: in training; its optimizer counts the steps.
        batches: that it is trained on.
        watched: images that it is evaluated on after each epoch, None for none.
    """

    def find():
        ahead = max(AHEAD, 2 * model.steps_per_execution)
        return _found(int(model.optimizer.iterations.numpy()), ahead, batches, watched)

    return failure_named(find)


def _found(first: int, ahead: int, batches: Batches, watched: Images | None) -> UserError | None:
    """The error of the first unreadable image from a step on, or among the watched ones."""
    for step in range(first, first + ahead):
        for error in unreadable(batches.train, batches.index(step)):
            epoch, place = divmod(step, batches.steps_per_epoch)
            return UserError(f"epoch {epoch + 1}, step {place + 1}: ", *error.args)
    for error in unreadable(watched) if watched else ():
        return error
    return None
