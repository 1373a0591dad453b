"""Attention by name, and the factory that a network asks for its layers."""

from collections.abc import Callable

import keras

from ras_keras.layers.recurrent_attention import RecurrentAttention

ATTENTION: dict[str, type[keras.layers.Layer]] = {
    "ras": RecurrentAttention,
}

Attention = str | Callable[[], keras.layers.Layer] | None


def make_attention(
    attention: Attention, config: dict | None, name: str
) -> keras.layers.Layer | None:
    """Makes the attention layer of one block, called `name`.

    Args:
        attention: None for no attention, a name of `ATTENTION`, or anything
            that makes a layer when it is called without arguments.
        config: constructor arguments of the named layer.
        name: of the new layer.

    Raises:
        ValueError: for a name that is not registered, a `config` without a
            name, or a callable that does not make a Keras layer.
    """
    if isinstance(attention, str):
        if attention not in ATTENTION:
            raise ValueError(
                f"`attention` must be None, a callable or one of {', '.join(sorted(ATTENTION))}. "
                f"Received: attention={attention!r}"
            )
        return ATTENTION[attention](name=name, **(config or {}))
    if config:
        raise ValueError(
            "`attention_config` configures an attention given by name. "
            f"Received: attention={attention!r}, attention_config={config!r}"
        )
    if attention is None:
        return None
    layer = attention() if callable(attention) else attention
    if not isinstance(layer, keras.layers.Layer) or layer is attention:
        raise ValueError(
            "`attention` must be None, a name or a callable that makes a new Keras layer when it "
            f"is called without arguments. Received: attention={attention!r}"
        )
    layer.name = name
    return layer
