"""The layers of a network that a pattern of names, or a function, chooses."""

import difflib
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase

import keras

from ras_keras.backend.keras_graph import Graph, is_graph
from ras_keras.errors import ArgumentError
from ras_keras.insertion.residual_branches import checked_function

Where = str | Sequence[str] | Callable[[keras.layers.Layer], bool]


def is_chosen(operation: keras.Operation, prefix: str, where: Where) -> bool:
    """Whether `where` chooses a layer, by its name or by that behind `prefix`, its models.

    A model and an operation of keras.ops are never chosen.
    """
    if not isinstance(operation, keras.layers.Layer) or is_graph(operation):
        return False
    if callable(where):
        return bool(where(operation))
    patterns = [where] if isinstance(where, str) else where
    names = (operation.name, prefix + operation.name)
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in names)


def check_chosen(model: keras.Model, where: Where) -> None:
    """Refuses a pattern, or a function, that chooses no layer.

    Raises:
        ValueError: naming the nearest layers.
    """
    layers = [*_layers_in(model)]
    each_of = [where] if isinstance(where, str) or callable(where) else where
    if not isinstance(each_of, list | tuple):
        raise ArgumentError.of(
            "where", "must be patterns of names, or a function of a layer", where
        )
    if not each_of:
        raise ArgumentError.of("where", "must name a layer, or be None for the branches", where)
    for each in each_of:
        if any(is_chosen(layer, prefix, each) for layer, prefix in layers):
            continue
        nearest = ""
        if isinstance(each, str):
            names = [prefix + layer.name for layer, prefix in layers]
            found = difflib.get_close_matches(each.replace("*", ""), names, n=3, cutoff=0.0)
            nearest = f"; the nearest are {', '.join(found)}"
        raise ArgumentError.of("where", f"must name a layer of {model.name}{nearest}", each)


def _layers_in(model: keras.Model, prefix: str = "") -> Iterator[tuple[keras.layers.Layer, str]]:
    """The layers that are called, each with the models that it is in as a prefix."""
    for layer in Graph(checked_function(model)).layers:
        if is_graph(layer):
            yield from _layers_in(layer, f"{prefix}{layer.name}/")
        else:
            yield layer, prefix
