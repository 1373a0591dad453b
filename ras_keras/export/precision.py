"""A model in another precision."""

import keras

from ras_keras.backend.keras_graph import all_layers
from ras_keras.backend.recursion import deep_graphs
from ras_keras.folding.copies import copy_state

HALF = ("mixed_bfloat16", "mixed_float16", "bfloat16", "float16")


def half_precision(model: keras.Model) -> str | None:
    """The dtype policy of a model's layers that compute in half precision, None if none do."""
    policies = {layer.dtype_policy.name for layer in all_layers(model)}
    return next((name for name in HALF if name in policies), None)


@deep_graphs()
def in_float32(model: keras.Model) -> keras.Model:
    """The model itself if all of it computes in float32, otherwise its twin that does.

    Args:
        model: that was loaded, so that its config tells all of it.
    """
    if half_precision(model) is None:
        return model
    twin = type(model).from_config(_with_float32(model.get_config()))
    copy_state(model, twin)
    return twin


def _with_float32(value):
    """A config, in which every dtype policy of half precision is float32's."""
    if isinstance(value, dict):
        return {key: _with_float32(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_with_float32(item) for item in value)
    return "float32" if value in HALF else value
