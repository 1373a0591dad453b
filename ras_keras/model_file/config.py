"""The configuration in a `.keras` file, which says what Keras shall build."""

import json
import math
from collections.abc import Iterator, Sequence

import keras

from ras_keras.errors import UserError, first_line

# Of a network of networks of networks some thirty.
DEEPEST = 100
# Lists and dicts, each of which takes some 100 bytes; ResNet407 has some 28,000.
MOST_PARTS = 250_000
# Calls of layers; ResNet407 has some 1,500.
MOST_CALLS = 10_000
# Numbers in one image or map: 1 GiB of float32.
LARGEST_MAP = 2**28
# Applications of a transform, and cells of a recurrent unit.
MOST_APPLICATIONS = 100
# Layers of Keras that run code which their file brings or names.
CODE = ("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")
LAMBDA = "__lambda__"
FUNCTION = "function"
# Where Keras looks for a function that is known by its name alone.
FUNCTIONS = (keras.activations, keras.losses, keras.metrics, keras.initializers, keras.ops)


def read_config(path, text: bytes) -> dict:
    """Reads config.json.

    Raises:
        UserError: if it is no JSON, or no model, or larger than any.
    """
    if text.count(b"[") + text.count(b"{") > MOST_PARTS:
        raise UserError(
            f"{path} is refused: its config.json has more than {MOST_PARTS:,} lists and dicts."
        )
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"{path} is damaged: its config.json is no JSON ({first_line(error)}); save or copy "
            "it again."
        ) from error
    if not _is_object(config) or not isinstance(config["config"], dict):
        raise UserError(f"{path} is damaged: its config.json is no model; save or copy it again.")
    return config


def check_config(
    path, config: dict, shapes: Sequence[tuple[int, ...]], custom_objects: dict | None
) -> None:
    """Refuses what runs code, is not known, or is larger than the weights.

    Args:
        path: of the file, for messages.
        config: as `read_config` returns it.
        shapes: of the weights in the file.
        custom_objects: classes and functions by name, beside the registered ones.

    Raises:
        UserError: naming the object at fault.
    """
    sizes = {size for shape in shapes for size in shape}
    calls = 0
    for each in _dicts(path, config):
        _check_maps(path, each)
        nodes = each.get("inbound_nodes")
        calls += len(nodes) if isinstance(nodes, list) else 0
        if calls > MOST_CALLS:
            raise UserError(f"{path} is refused: it calls layers more than {MOST_CALLS:,} times.")
        if _is_object(each):
            _check_code(path, each)
            _check_known(path, each, custom_objects or {})
            if isinstance(each["config"], dict):
                _check_sizes(path, each, sizes, len(shapes))


def _dicts(path, config: dict) -> Iterator[dict]:
    """Every dict in a configuration, in its order."""
    waiting = [(config, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > DEEPEST:
            raise UserError(f"{path} is refused: its config.json is nested {DEEPEST} deep.")
        if isinstance(value, dict):
            yield value
            value = list(value.values())
        waiting += [(item, depth + 1) for item in reversed(value) if isinstance(item, dict | list)]


def _is_object(value) -> bool:
    """Whether a value is what Keras makes an object of."""
    return (
        isinstance(value, dict) and isinstance(value.get("class_name"), str) and "config" in value
    )


def _of_keras(each) -> bool:
    """Whether Keras itself defines a class; what others define has a registered name or module."""
    if each.get("module") is None:
        return each.get("registered_name") is None
    return str(each["module"]).partition(".")[0] == "keras"


def _check_code(path, each):
    name = each["class_name"]
    # Keras follows a name with dots in it to wherever it leads.
    last = name.rpartition(".")[2]
    if name == LAMBDA or (last in CODE and _of_keras(each)):
        raise UserError(
            f"{path} is refused: it needs a {name.strip('_')}, and loading that could run any code "
            "in the file; have its owner write it as a registered layer and save it again."
        )


def _check_known(path, each, custom_objects):
    if each["class_name"] == FUNCTION:
        name, what = str(each["config"]), "function"
        module = str(each.get("module")).partition(".")[0]
        if module == "keras" or (
            module == "builtins" and any(hasattr(place, name) for place in FUNCTIONS)
        ):
            return
        found = [name, str(each.get("registered_name"))]
    elif _of_keras(each):
        return
    else:
        name, what = str(each.get("registered_name") or each["class_name"]), "class"
        found = [name]
    if not any(keras.saving.get_registered_object(each, custom_objects) for each in found):
        raise UserError(
            f"{path} holds a {what} that is not known, {name!r:.80}; import the module that "
            "defines it, or pass custom_objects to ras_keras.load_model."
        )


def check_maps(path, model: keras.Model) -> None:
    """Refuses a model whose layers make larger maps than its configuration says.

    Raises:
        UserError: naming the first shape at fault.
    """
    for each in model._flatten_layers():
        # A functional model has operations that are no layers.
        for called in (each, *getattr(each, "operations", ())):
            for node in called._inbound_nodes:
                for tensor in node.output_tensors:
                    _check_map(path, [size or 1 for size in tensor.shape])


def _check_maps(path, each):
    """Refuses images and maps that no memory holds."""
    for key, value in each.items():
        for shape in _shapes(value) if "shape" in key else ():
            _check_map(path, shape)


def _check_map(path, shape):
    if math.prod(max(1, size) for size in shape) > LARGEST_MAP:
        raise UserError(
            f"{path} is refused: it asks for images or maps of shape {tuple(shape)}, more than "
            f"{LARGEST_MAP:,} numbers each."
        )


def _shapes(value) -> Iterator[list[int]]:
    """The sizes in a shape, or in each shape of a list or dict of them."""
    values = list(value.values()) if isinstance(value, dict) else value
    if isinstance(values, list):
        sizes = [item for item in values if isinstance(item, int)]
        if sizes:
            yield sizes
        for item in values:
            if isinstance(item, list | dict):
                yield from _shapes(item)


def _check_sizes(path, each, sizes, arrays):
    """Refuses sizes that no weight in the file has: building them could take any memory."""
    config, wrong = each["config"], []
    if _of_keras(each):
        wrong = [key for key in ("units", "filters") if _asked(config, key) not in {0, *sizes}]
    elif str(each.get("registered_name")).startswith("ras_keras>"):
        connections = config.get("connection") and not config.get("shared_connection")
        separate = connections or not config.get("shared", True)
        most = {"k": arrays if separate else MOST_APPLICATIONS, "cells": arrays}
        wrong = [key for key in most if _asked(config, key) > min(MOST_APPLICATIONS, most[key])]
    if wrong:
        raise UserError(
            f"{path} is damaged: its config asks for {wrong[0]}={config[wrong[0]]} in "
            f"{config.get('name')!r}, and its weights are of other sizes; save it again."
        )


def _asked(config, key) -> int:
    value = config.get(key, 0)
    return value if isinstance(value, int) else 0
