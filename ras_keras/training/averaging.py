"""The network with averaged weights, and the batch statistics that belong to them."""

import keras
import numpy as np
from keras import ops

from ras_keras.backend.keras_graph import all_layers
from ras_keras.backend.recursion import deep_graphs
from ras_keras.data.batches import TrainingBatches
from ras_keras.data.unreadable import unreadable_named
from ras_keras.training.evaluation import evaluate
from ras_keras.training.prepared_data import Data

STATISTICS_IMAGES = 10_000


class WeightAveraging(keras.callbacks.Callback):
    """Keeps a second network with the averages of the first one's weights.

    The first one is trained and never touched. After each epoch the second one
    gets the averages and moving statistics of its own, and the accuracy and loss
    that are logged for the watched images are its.

    Args:
        model: the network in training, its optimizer a `CoupledSGD` with averages.
        data: its training batches and the watched images.
        batch_size: of the evaluation.

    Attributes:
        network: the second network, not compiled.

    Source: averages in Polyak and Juditsky, SIAM J. Control Optim. 30 (1992);
    statistics computed anew in arXiv 1803.05407, section 3.2.
    """

    def __init__(self, model: keras.Model, data: Data, batch_size: int):
        super().__init__()
        self.trained = model
        self.data = data
        self.batch_size = batch_size
        with deep_graphs():
            self.network = keras.models.clone_model(model)
        # The config of a layer says it for itself, not for the layers within it.
        for ours, theirs in zip(all_layers(self.network), all_layers(model), strict=True):
            ours.trainable = theirs.trainable
        self.network.jit_compile = model.jit_compile
        self.statistics = MovingStatistics(self.network)
        self.statistics.jit_compile = model.jit_compile

    def update(self) -> None:
        """Brings the second network up to date with the first."""
        optimizer = getattr(self.trained.optimizer, "inner_optimizer", self.trained.optimizer)
        for weight, average in zip(
            self.network.trainable_variables, optimizer.averages, strict=True
        ):
            # A copy: JAX gives the memory of what a network computes with away.
            weight.assign(ops.convert_to_numpy(average))
        # Random states too: a resumed run draws the same dropout.
        for ours, theirs in zip(
            self.network.non_trainable_variables, self.trained.non_trainable_variables, strict=True
        ):
            ours.assign(ops.convert_to_numpy(theirs))
        with unreadable_named(self.data.batches.train):
            self.statistics.recompute(self.data.batches)

    def on_epoch_end(self, epoch, logs=None):
        self.update()
        watched, classes = self.data.watched, len(self.data.class_names)
        if watched is not None:
            found = evaluate(self.network, watched, classes, self.batch_size)
            logs |= {"val_accuracy": found.accuracy, "val_loss": found.loss}


class MovingStatistics(keras.Model):
    """Computes a network's moving statistics anew: the exact mean over training batches.

    A forward pass of the training turns a moving statistic s into d * s + u, with
    u from the batch. Momentum and the number of times that a normalization is
    applied determine d; it is measured, by a pass from a large s. A pass
    from s = 0 yields u, and the mean of u / (1 - d) over the batches is that of
    the batches' own statistics.

    Args:
        network: whose statistics are set.
    """

    LARGE = 1e6

    def __init__(self, network: keras.Model):
        super().__init__()
        self.network = network
        # Frozen layers normalize by theirs.
        frozen = {
            id(variable)
            for layer in all_layers(network)
            if not layer.trainable
            for variable in layer.variables
        }
        self.moving = [
            variable
            for variable in network.non_trainable_variables
            if variable.name in ("moving_mean", "moving_variance") and id(variable) not in frozen
        ]
        self.sums = [
            self.add_weight(shape=variable.shape, initializer="zeros", trainable=False)
            for variable in self.moving
        ]
        self.start = self.add_weight(shape=(), initializer="zeros", trainable=False)
        self.built = True

    def call(self, images):
        for variable in self.moving:
            variable.assign(ops.broadcast_to(self.start, variable.shape))
        outputs = self.network(images, training=True)
        for total, variable in zip(self.sums, self.moving, strict=True):
            total.assign_add(variable)
        return outputs

    def recompute(self, batches: TrainingBatches) -> None:
        """Sets the statistics to their mean over the first whole batches of the training."""
        steps = statistics_steps(batches)
        small, large = self._summed(batches, 1, 0.0), self._summed(batches, 1, self.LARGE)
        found = self._summed(batches, steps, 0.0)
        for variable, total, low, high in zip(self.moving, found, small, large, strict=True):
            kept = (high - low) / self.LARGE
            # One that a pass leaves alone stays as it is.
            moved = kept < 1
            fresh = total / (steps * np.where(moved, 1 - kept, 1))
            variable.assign(np.where(moved, fresh, ops.convert_to_numpy(variable)))

    def _summed(self, batches, steps, start) -> list[np.ndarray]:
        """The sums of the statistics after each of `steps` passes, each from `start`."""
        self.start.assign(start)
        for total in self.sums:
            total.assign(ops.zeros(total.shape))
        self.predict(batches.from_step(0).take(steps), verbose=0)
        return [ops.convert_to_numpy(total) for total in self.sums]


def statistics_steps(batches: TrainingBatches) -> int:
    """How many batches the statistics are computed over: of at most 10,000 images."""
    return max(1, min(STATISTICS_IMAGES, batches.images_per_epoch) // batches.batch_size)
