"""Copies of layers and models, as saving and loading would make them."""

import keras
import numpy as np

from ras_keras.backend.keras_graph import all_layers


def copy_state(source: keras.layers.Layer, target: keras.layers.Layer) -> None:
    """Gives a layer, or a model, what Keras saves of another one of the same config.

    Args:
        source: built.
        target: likewise; its arrays are copies, since on JAX a model gives the
            memory of what it computes with away.
    """
    for theirs, ours in zip(all_layers(source), all_layers(target), strict=True):
        store: dict[str, object] = {}
        theirs.save_own_variables(store)
        ours.load_own_variables(
            {name: np.array(keras.ops.convert_to_numpy(value)) for name, value in store.items()}
        )


def copy_of(layer: keras.layers.Layer) -> keras.layers.Layer | None:
    """A layer of the same config, without the weights; None if it cannot be built from it."""
    try:
        return type(layer).from_config(layer.get_config())
    # Layers of others fail at this in ways of their own.
    except Exception:
        return None
