"""The values of a model's variables on one process of several, which Keras does not publish.

The names were seen in Keras 3.15.1: `_value` and `_layout` of a variable.
"""

import contextlib
from collections.abc import Iterator

import keras


@contextlib.contextmanager
def alone(model: keras.Model) -> Iterator[None]:
    """This process computes with a model by itself, on one device, and saves it.

    Where the model is distributed, its variables are copies within, which are forgotten at the
    end; otherwise nothing happens. Other processes need not do the same.

    Args:
        model: built; what shares its variables is alone as well.
    """
    distribution = keras.distribution.distribution()
    if distribution is None:
        yield
        return
    import jax

    optimizer = getattr(model, "optimizer", None)
    variables = [*model.variables, *model.metrics_variables]
    variables += optimizer.variables if optimizer is not None else []
    # Of the whole, and with what they are.
    kept = {id(variable): (variable, variable._value, variable._layout) for variable in variables}
    keras.distribution.set_distribution(None)
    try:
        for variable, value, _ in kept.values():
            # A copy: the steps of a model give the memory of what they get away.
            variable._value = jax.numpy.array(keras.ops.convert_to_numpy(value), copy=True)
            variable._layout = None
        yield
    finally:
        for variable, value, layout in kept.values():
            variable._value, variable._layout = value, layout
        keras.distribution.set_distribution(distribution)
