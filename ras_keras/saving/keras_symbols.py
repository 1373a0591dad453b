"""What Keras takes the names in a configuration for.

Keras publishes no such table. This one is that of Keras 3.15, `keras.src.saving.serialization_lib`.
"""

import sys
import types
from typing import TypeGuard

import keras
from keras.src.api_export import get_symbol_from_name

# Where Keras looks for a function that is known by its name alone.
BUILTIN = tuple(
    f"keras.{name}"
    for name in (
        "activations",
        "constraints",
        "initializers",
        "losses",
        "metrics",
        "optimizers",
        "regularizers",
    )
)
OPERATIONS = "keras.ops"
# These make an object of any configuration.
NO_FUNCTIONS = {"serialize", "deserialize", "get"}


def of_keras(module: object) -> TypeGuard[str]:
    """Whether a module is one of Keras's."""
    return isinstance(module, str) and (module == "keras" or module.startswith("keras."))


def find_class(module: str, name: str) -> type | None:
    """The class that a name in a module of Keras stands for; imports nothing."""
    found = get_symbol_from_name(f"{module}.{name}")
    if found is None and module in sys.modules:
        found = vars(sys.modules[module]).get(name)
    return found if isinstance(found, type) else None


def is_layer(name: str) -> bool:
    """Whether Keras has a layer or a model of a name, which old files give without a module."""
    return hasattr(keras.layers, name) or hasattr(keras, name)


def find_function(module: str, name: str) -> types.FunctionType | None:
    """The activation, loss, metric, ... or operation of Keras that a name stands for.

    Args:
        module: as the configuration says, "builtins" where Keras looks through its own.
        name: of the function.
    """
    places = BUILTIN if module == "builtins" else (module,)
    if name in NO_FUNCTIONS or not all(
        place in BUILTIN or place == OPERATIONS or place.startswith(f"{OPERATIONS}.")
        for place in places
    ):
        return None
    found = [get_symbol_from_name(f"{place}.{name}") for place in places]
    found = [each for each in found if each is not None]
    whole = found and all(isinstance(each, types.FunctionType) for each in found)
    return found[0] if whole else None


def registered(name, custom_objects: dict):
    """The class or function that this process knows by a name, None if it knows none."""
    if not isinstance(name, str):
        return None
    return keras.saving.get_registered_object(name, custom_objects)


def registered_under(name: str, custom_objects: dict) -> list:
    """What is known as "package>name": Keras up to 3.6 wrote the bare name of a function."""
    known = {**custom_objects, **keras.saving.get_custom_objects()}
    return [found for each, found in known.items() if each.endswith(f">{name}")]


def registered_classes(custom_objects: dict) -> set[str]:
    """The names by which this process knows classes."""
    known = {**custom_objects, **keras.saving.get_custom_objects()}
    return {name for name, found in known.items() if isinstance(found, type)}
