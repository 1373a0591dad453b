"""TensorFlow's failure to read an image, and the error that names it."""

import contextlib
from collections.abc import Callable, Iterator

import tensorflow as tf

from ras_keras.errors import UserError


@contextlib.contextmanager
def failure_named(find: Callable[[], UserError | None]) -> Iterator[None]:
    """Turns TensorFlow's failure to read an image into an error that names it.

    Args:
        find: looks for that error; where there is none, the failure is another one and stays.

    Raises:
        UserError: that was found.
    """
    try:
        yield
    except tf.errors.ResourceExhaustedError:
        raise
    except tf.errors.OpError as failure:
        error = find()
        if error is None:
            raise
        raise error from failure
