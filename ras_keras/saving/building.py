"""What Keras may make while it builds a model from a `.keras` file."""

import contextlib
import math
import threading
from collections.abc import Callable, Iterator, Sequence

import keras

from ras_keras.errors import UserError

# An optimizer has up to three variables for each weight, which a file need not hold.
VARIABLES_PER_WEIGHT = 8
# Such as seeds and metrics, in numbers.
OTHER_VARIABLES = 2**20
# Likewise, of any size.
MOST_OTHERS = 1000
# Symbolic ones: what each call returns, and what it is given; ResNet407 has some 3,000.
MOST_TENSORS = 2**16
# One load at a time changes how Keras makes things, and changes it back.
BUILDING = threading.RLock()


@contextlib.contextmanager
def building_within(shapes: Sequence[tuple[int, ...]]) -> Iterator[None]:
    """Stops this thread before it makes far more than the weights of a file are for.

    A configuration may ask for any size in many ways; Keras takes the memory before it compares.
    What a layer makes of its configuration is known to its own `build` alone, and Keras has no
    hook there: so what makes variables and symbolic tensors is watched, while this context is
    open, by one thread at a time, for what this thread makes.

    Args:
        shapes: of the weights in the file.

    Raises:
        UserError: at the first thing that is too much, without the file.
    """
    numbers = VARIABLES_PER_WEIGHT * sum(map(math.prod, shapes)) + OTHER_VARIABLES
    limits = {
        "variables": VARIABLES_PER_WEIGHT * len(shapes) + MOST_OTHERS,
        "numbers": numbers,
        "tensors": MOST_TENSORS,
    }
    made = dict.fromkeys(limits, 0)
    refusals = []

    def count(what, number):
        made[what] += number
        if made[what] > limits[what]:
            fewer = ", its weights fewer" if what != "tensors" else ""
            refusals.append(UserError(f"its layers have more than {limits[what]:,} {what}{fewer}"))
            raise refusals[0]

    def count_variable(variable, initializer, shape=None, *args, **kwargs):
        if isinstance(shape, list | tuple):
            count("variables", 1)
            count("numbers", math.prod(size or 0 for size in shape))

    def count_statistics(layer, shape):
        """Of a normalization whose mean is given: one may stand for a whole axis."""
        if layer.input_mean is not None and shape is not None:
            kept = {axis % len(shape) for axis in layer.axis} if shape else ()
            count("numbers", 2 * math.prod(shape[axis] or 0 for axis in kept))

    with (
        BUILDING,
        _before(keras.Variable, "__init__", count_variable),
        _before(keras.KerasTensor, "__init__", lambda *args, **kwargs: count("tensors", 1)),
        _before(keras.layers.Normalization, "build", count_statistics),
    ):
        try:
            yield
        # Keras adds to the words of an error that passes through a layer, or goes on without it.
        except Exception:
            if not refusals:
                raise
    if refusals:
        raise refusals[0]


@contextlib.contextmanager
def _before(owner: type, name: str, also: Callable) -> Iterator[None]:
    """Calls something before a method, in this thread."""
    method, thread = getattr(owner, name), threading.get_ident()

    def both(*args, **kwargs):
        if threading.get_ident() == thread:
            also(*args, **kwargs)
        return method(*args, **kwargs)

    setattr(owner, name, both)
    try:
        yield
    finally:
        setattr(owner, name, method)
