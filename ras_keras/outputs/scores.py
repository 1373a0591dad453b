"""What the numbers are that a classifier returns for an image: seen in its layers, or in them."""

from collections.abc import Callable
from enum import Enum

import keras
import numpy as np
from keras import layers

from ras_keras.backend.keras_graph import Place, name_in_ops

# Rows of bfloat16, and of int8, add up to 1 no closer.
SUM_TOLERANCE = 1e-2


class Scores(Enum):
    """What numbers say of classes.

    PROBABILITIES: of classes that exclude each other; they add up to 1.
    LOGITS: of these.
    BINARY: each is the probability that its class is there, whatever the others are.
    BINARY_LOGITS: of these.
    """

    PROBABILITIES = "probabilities that add up to 1"
    LOGITS = "logits"
    BINARY = "a probability for each class by itself"
    BINARY_LOGITS = "a logit for each class by itself"

    @property
    def binary(self) -> bool:
        return self in (Scores.BINARY, Scores.BINARY_LOGITS)


# What the numbers behind an activation are. The softmax of log-probabilities is the probabilities.
BEHIND = {
    **dict.fromkeys((keras.activations.softmax, keras.ops.softmax), Scores.PROBABILITIES),
    **dict.fromkeys((keras.activations.sigmoid, keras.ops.sigmoid), Scores.BINARY),
    **dict.fromkeys((keras.activations.hard_sigmoid, keras.ops.hard_sigmoid), Scores.BINARY),
    **dict.fromkeys((keras.activations.log_softmax, keras.ops.log_softmax), Scores.LOGITS),
    keras.activations.linear: Scores.LOGITS,
}
# Of keras.ops on a symbolic tensor, by the name of their class.
OPERATIONS = {
    "Softmax": keras.ops.softmax,
    "Sigmoid": keras.ops.sigmoid,
    "HardSigmoid": keras.ops.hard_sigmoid,
    "LogSoftmax": keras.ops.log_softmax,
}
ACTIVATED = (
    *(layers.Activation, layers.Dense, layers.EinsumDense),
    *(layers.Conv1D, layers.Conv2D, layers.Conv3D),
    *(layers.SeparableConv1D, layers.SeparableConv2D),
)
SAME_NUMBERS = (
    *(layers.Flatten, layers.Reshape, layers.Identity, layers.Dropout, layers.AlphaDropout),
    *(layers.SpatialDropout1D, layers.SpatialDropout2D, layers.GaussianDropout),
    *(layers.GaussianNoise, layers.ActivityRegularization),
)
SAME_NUMBERS_OPERATIONS = ("Cast", "Reshape", "Squeeze", "ExpandDims", "Copy", "StopGradient")
# The mean of probabilities is one, the mean of logits are logits.
MEANS = (
    *(layers.Average, layers.GlobalAveragePooling1D),
    *(layers.GlobalAveragePooling2D, layers.GlobalAveragePooling3D),
)

MULTI_CLASS_LOSSES = (
    *(keras.losses.CategoricalCrossentropy, keras.losses.SparseCategoricalCrossentropy),
    keras.losses.CategoricalFocalCrossentropy,
)
BINARY_LOSSES = (keras.losses.BinaryCrossentropy, keras.losses.BinaryFocalCrossentropy)


def of_graph(output: keras.KerasTensor) -> Scores | None:
    """What an output is by the operations that it comes from; None where they do not tell.

    Models within the model, reshaped outputs, and means of several are looked through.
    """
    open_ends, seen, found = [Place(output)], set(), set()
    while open_ends:
        place = open_ends.pop()
        key = (id(place.tensor), *map(id, place.calls))
        if key in seen:
            continue
        seen.add(key)
        operation, inputs = place.origin()
        if keeps_numbers(operation, place, inputs) or _is_mean(operation):
            open_ends += inputs
        else:
            found.add(_of_operation(operation, place))
    return found.pop() if len(found) == 1 else None


def keeps_numbers(operation: keras.Operation, place: Place, inputs: list[Place]) -> bool:
    """Whether an operation hands on what it reads, at inference, in another shape at most."""
    if isinstance(operation, layers.Activation):
        return operation.activation is keras.activations.linear
    if not (
        isinstance(operation, SAME_NUMBERS) or name_in_ops(operation) in SAME_NUMBERS_OPERATIONS
    ):
        return False
    # Classes that stay on the last axis are still what they were.
    return len(inputs) == 1 and inputs[0].tensor.shape[-1] == place.tensor.shape[-1]


def is_activation(operation: keras.Operation) -> bool:
    """Whether an operation is a softmax, a sigmoid or the like and no more than that."""
    return isinstance(operation, layers.Activation | layers.Softmax) or (
        name_in_ops(operation) in OPERATIONS
    )


def activation_of(operation: keras.Operation, rank: int) -> Callable | None:
    """The activation that an operation ends in, None if it is not one of `BEHIND`.

    Args:
        operation: that is called.
        rank: of the tensor that it returns; a softmax goes over the last axis.
    """
    if isinstance(operation, layers.Wrapper):
        operation = operation.layer
    if isinstance(operation, ACTIVATED):
        operation = operation.activation
    name = name_in_ops(operation)
    over_axis = isinstance(operation, layers.Softmax) or name in ("Softmax", "LogSoftmax")
    if over_axis and operation.axis not in (-1, rank - 1):
        return None
    if isinstance(operation, layers.Softmax):
        return keras.activations.softmax
    if name is not None:
        return OPERATIONS.get(name)
    return operation if operation in BEHIND else None


def _of_operation(operation, place) -> Scores | None:
    if isinstance(operation, layers.BatchNormalization):
        return Scores.LOGITS
    return BEHIND.get(activation_of(operation, len(place.tensor.shape)))


def _is_mean(operation) -> bool:
    return isinstance(operation, MEANS) and (
        getattr(operation, "data_format", "channels_last") == "channels_last"
    )


def of_loss(model: keras.Model) -> Scores | None:
    """What a model's numbers are to the loss it was compiled with, None if it says nothing."""
    losses = keras.tree.flatten(getattr(model, "loss", None))
    losses = [loss for loss in losses if loss is not None]
    if len(losses) != 1:
        return None
    try:
        loss = keras.losses.get(losses[0])
    except ValueError:
        return None
    from_logits = getattr(loss, "from_logits", False)
    # A function has the name of its class in other letters.
    name = getattr(loss, "__name__", type(loss).__name__).replace("_", "").lower()
    if name in {each.__name__.lower() for each in MULTI_CLASS_LOSSES}:
        return Scores.LOGITS if from_logits else Scores.PROBABILITIES
    if name in {each.__name__.lower() for each in BINARY_LOSSES}:
        return Scores.BINARY_LOGITS if from_logits else Scores.BINARY
    return None


def of_numbers(numbers: np.ndarray) -> Scores:
    """What numbers (N, units) look like."""
    # Written so that NaN is no probability.
    if not (numbers.min() >= 0 and numbers.max() <= 1 + SUM_TOLERANCE):
        return Scores.LOGITS
    if np.allclose(numbers.sum(axis=1), 1, rtol=0, atol=SUM_TOLERANCE):
        return Scores.PROBABILITIES
    return Scores.BINARY
