"""The optimization of a recipe: how long, by which steps, at which learning rate."""

import math
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal, Self

from ras_keras.recipes.part import Part
from ras_keras.values.typed import Bounds, That

Share = Annotated[float, Bounds(0, 1, without="high")]
Positive = Annotated[float, Bounds(0, without="low")]
Rising = That(
    lambda epochs: list(epochs) == sorted({each for each in epochs if each >= 1}),
    "rising epochs >= 1",
)


@dataclass(frozen=True)
class DescentRecipe(Part):
    """Stochastic gradient descent, whatever it is that is trained."""

    ADDED_LATER: ClassVar[tuple[str, ...]] = ("clip_norm",)

    epochs: Annotated[int, Bounds(1, 1_000_000)] = 164
    """Passes over the training images."""
    batch_size: Annotated[int, Bounds(1, 1_000_000)] | None = None
    """Images per step, over all devices; None is 128, or 16 for stl10 and
    for detectors."""
    learning_rate: Positive = 0.1
    """Of stochastic gradient descent, at its highest."""
    decay: Literal["step", "cosine", "exponential"] = "step"
    """How the learning rate falls: step at --schedule, cosine to 0 at the end of the last epoch,
    exponential by --schedule-factor every epoch; the last two whatever --schedule is."""
    schedule: Annotated[tuple[int, ...], Rising] = (81, 122)
    """Epochs after which the learning rate is multiplied by --schedule-factor."""
    schedule_factor: Positive = 0.1
    """Factor of the learning rate at each epoch of --schedule, or at every epoch."""
    warmup_epochs: Annotated[int, Bounds(0)] = 0
    """First epochs, over which the learning rate rises linearly."""
    momentum: Share = 0.9
    """Of stochastic gradient descent."""
    nesterov: bool = False
    """Nesterov's momentum."""
    weight_decay: Annotated[float, Bounds(0)] = 1e-4
    """In the papers' sense: added to the gradient of every trainable variable."""
    clip_norm: Annotated[float, Bounds(0)] = 0.0
    """Largest norm of the gradient of all variables together, the weight decay apart: a longer one
    is shortened to it; 0 for no limit."""

    def scaled(self, epochs: int) -> Self:
        """The same over another number of epochs: the schedule shrinks or grows with them."""
        if epochs == self.epochs:
            return self
        milestones = {round(epochs * each / self.epochs) for each in self.schedule}
        schedule = tuple(sorted(each for each in milestones if 0 < each < epochs))
        return replace(self, epochs=epochs, schedule=schedule)

    def learning_rate_at(self, epoch: int) -> float:
        """The learning rate of an epoch e, counted from 0.

        With w epochs of warm-up it is (e + 1) / (w + 1) of what follows while e < w.
        What follows is, for the decay "cosine" over E epochs (arXiv 1608.03983, Eq. (5)),

            learning_rate * (1 + cos(pi * (e - w) / (E - w))) / 2    from e = w on,

        so that the last epoch's rate is small but not 0; for "exponential" it is learning_rate
        times schedule_factor to the power of e. A run resumed with more epochs
        follows the longer curve from there on.
        """
        rate = self.learning_rate * min(1.0, (epoch + 1) / (self.warmup_epochs + 1))
        if self.decay == "cosine":
            done = max(0, epoch - self.warmup_epochs) / max(1, self.epochs - self.warmup_epochs)
            return rate * (1 + math.cos(math.pi * done)) / 2
        if self.decay == "exponential":
            return rate * self.schedule_factor**epoch
        return rate * self.schedule_factor ** sum(epoch >= milestone for milestone in self.schedule)


@dataclass(frozen=True)
class OptimizationRecipe(DescentRecipe):
    """How a classifier is trained."""

    ADDED_LATER = (*DescentRecipe.ADDED_LATER, "weights_rate", "freeze")

    weights_rate: Positive = 1.0
    """Factor of the learning rate of the layers that start from --weights; the classifier of other
    classes, and attention that was added, have the whole rate."""
    freeze: bool = False
    """Leave those layers as they are; their normalizations use their moving statistics."""
    average_weights: Share = 0.0
    """Decay per step of a moving average of the weights, which is evaluated and saved in their
    place with batch statistics of its own; 0 for none."""
