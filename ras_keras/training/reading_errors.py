"""Names the image at which a training stopped."""

import contextlib

import keras

from ras_keras.data.encoded.failures import failure_named
from ras_keras.data.unreadable import unreadable
from ras_keras.errors import UserError
from ras_keras.training.prepared_data import Data

# Batches that are being read at most while one is trained on.
AHEAD = 100


def stopped_by_image(model: keras.Model, data: Data) -> contextlib.AbstractContextManager[None]:
    """Turns the failure of TensorFlow to read an image into an error that names it, and the step.

    Batches are functions of the step, so that those under way are looked through for it.

    Args:
        model: in training; its optimizer counts the steps.
        data: that it is trained on.
    """

    def find():
        ahead = max(AHEAD, 2 * model.steps_per_execution)
        return _found(int(model.optimizer.iterations.numpy()), ahead, data)

    return failure_named(find)


def _found(first: int, ahead: int, data: Data) -> UserError | None:
    """The error of the first unreadable image from a step on, or among the watched ones."""
    batches = data.batches
    for step in range(first, first + ahead):
        for error in unreadable(batches.train, batches.index(step)):
            epoch, place = divmod(step, batches.steps_per_epoch)
            return UserError(f"epoch {epoch + 1}, step {place + 1}: ", *error.args)
    for error in unreadable(data.watched) if data.watched else ():
        return error
    return None
