"""What around the epochs of a run is different where JAX trains on several devices."""

from collections.abc import Sequence

import keras
import numpy as np

from ras_keras.backend.keras_variables import alone
from ras_keras.backend.processes import gathered, part
from ras_keras.data.batches import evaluation_batches
from ras_keras.data.image_dataset import Images


class Alone(keras.callbacks.Callback):
    """Callbacks of one process, which has the model to itself before and after each epoch.

    Args:
        callbacks: called in this order.
    """

    def __init__(self, callbacks: Sequence[keras.callbacks.Callback]):
        super().__init__()
        self.callbacks = callbacks

    def set_model(self, model):
        super().set_model(model)
        for callback in self.callbacks:
            callback.set_model(model)

    def set_params(self, params):
        for callback in self.callbacks:
            callback.set_params(params)

    def on_train_begin(self, logs=None):
        with alone(self.model):
            for callback in self.callbacks:
                callback.on_train_begin(logs)

    def on_train_end(self, logs=None):
        with alone(self.model):
            for callback in self.callbacks:
                callback.on_train_end(logs)

    def on_epoch_begin(self, epoch, logs=None):
        with alone(self.model):
            for callback in self.callbacks:
                callback.on_epoch_begin(epoch, logs)

    def on_epoch_end(self, epoch, logs=None):
        with alone(self.model):
            for callback in self.callbacks:
                callback.on_epoch_end(epoch, logs)

    def on_train_batch_begin(self, batch, logs=None):
        for callback in self.callbacks:
            callback.on_train_batch_begin(batch, logs)

    def on_train_batch_end(self, batch, logs=None):
        for callback in self.callbacks:
            callback.on_train_batch_end(batch, logs)


class Watch(keras.callbacks.Callback):
    """Logs `val_loss` and `val_accuracy`, of which each process computes its part, on one device.

    Keras's own evaluation wants batches that all devices divide.

    Args:
        watched: the images of all.
        batch_size: of one device.
        classes: as `evaluation_batches` takes them.
    """

    def __init__(self, watched: Images, batch_size: int, classes: int | None):
        super().__init__()
        index, count = part()
        own = slice(index, None, count) if len(watched) >= count else slice(None)
        images = watched.subset(np.arange(len(watched))[own])
        self.count = len(images)
        self.batches = evaluation_batches(images, batch_size, classes)

    def on_epoch_end(self, epoch, logs=None):
        with alone(self.model):
            found = self.model.evaluate(self.batches, return_dict=True, verbose=0)
        loss, correct = found["loss"] * self.count, round(found["accuracy"] * self.count)
        loss, correct, count = gathered(np.array([loss, correct, self.count])).sum(axis=0)
        logs |= {"val_accuracy": float(correct / count), "val_loss": float(loss / count)}
