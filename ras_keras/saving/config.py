"""The configuration in a `.keras` file, which says what Keras shall build."""

import json
from collections.abc import Iterator, Sequence

from ras_keras.errors import UserError, first_line
from ras_keras.saving.calls import check_calls
from ras_keras.saving.keras_symbols import registered_classes
from ras_keras.saving.maps import check_shapes
from ras_keras.saving.nodes import check_nodes
from ras_keras.saving.objects import check_object, is_object, is_of_keras, literal_numbers

# Of a network of networks of networks some thirty.
DEEPEST = 100
# Lists and dicts, each of which takes some 100 bytes; ResNet407 has some 28,000.
MOST_PARTS = 250_000
# Numbers in the arrays that stand in the configuration itself.
MOST_NUMBERS = 2**20
# Applications of a transform, cells of a recurrent unit, and passes of Keras's own loops.
MOST_APPLICATIONS = 100
LOOPS = ("power_iterations", "num_chains", "chain_depth", "num_ops", "ngrams")
# Items of Python's own lists, which Keras makes before any variable.
MOST_ITEMS = 2**16
LISTS = ("num_thresholds", "num_classes", "num_oov_indices")
# Names of layers, which Keras looks up among the layers of the model and nowhere else.
NAMES = ("keras_history", "input_layers", "output_layers")
# Values of these in an object are names, and judged with the object that they name.
NAMING = ("name", "class_name", "registered_name", "module", "config")


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
    if not is_object(config) or not isinstance(config["config"], dict):
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
    try:
        _check(config, shapes, custom_objects or {})
        check_calls(config, custom_objects or {})
    except UserError as error:
        raise UserError(f"{path} {error}") from error


def _check(config, shapes, custom_objects):
    sizes = {size for shape in shapes for size in shape}
    classes = registered_classes(custom_objects)
    numbers = 0
    for each, keras_reads, names in _parts(config, custom_objects):
        if keras_reads:
            _check_texts(each, classes, names)
        if isinstance(each, list):
            continue
        check_shapes(each)
        if is_object(each):
            check_object(each, custom_objects, keras_reads)
            numbers += literal_numbers(each)
            if isinstance(each["config"], dict):
                _check_sizes(each, sizes, len(shapes), custom_objects)
        if "inbound_nodes" in each:
            check_nodes(each)
        if numbers > MOST_NUMBERS:
            raise UserError(
                f"is refused: arrays in its config.json have more than {MOST_NUMBERS:,} numbers; "
                "numbers belong in the weights, give a layer its own by set_weights."
            )


def _parts(
    config: dict, custom_objects: dict
) -> Iterator[tuple[dict | list, bool, tuple[str, ...]]]:
    """Every dict and list in a configuration, in its order.

    Beside each: whether Keras makes objects of it, and the keys whose texts are names there. The
    configuration of a class that Keras does not define is its own to read.
    """
    waiting: list[tuple[dict | list, int, bool, bool]] = [(config, 1, True, False)]
    while waiting:
        value, depth, keras_reads, of_object = waiting.pop()
        if depth > DEEPEST:
            raise UserError(f"is refused: its config.json is nested {DEEPEST} deep.")
        names = NAMING if is_object(value) else ("name",) if of_object else ()
        yield value, keras_reads, names
        items = value.items() if isinstance(value, dict) else enumerate(value)
        own = is_object(value) and not is_of_keras(value, custom_objects)
        for key, item in reversed(list(items)):
            if isinstance(item, dict | list):
                unread = (of_object and key in NAMES) or (own and key == "config")
                reads = (keras_reads or is_object(value)) and not unread
                waiting.append((item, depth + 1, reads, is_object(value) and key == "config"))


def _check_texts(each, classes, names):
    """Refuses the name of a class where Keras would take the class itself for a function."""
    items = each.items() if isinstance(each, dict) else enumerate(each)
    for key, value in items:
        if isinstance(value, str) and value in classes and key not in names:
            raise UserError(f"is refused: it uses the class {value!r:.80} as a function.")


def _check_sizes(each, sizes, arrays, custom_objects):
    """Refuses sizes that no weight in the file has: building them could take any memory."""
    config, most = each["config"], {}
    if is_of_keras(each, custom_objects):
        wrong = [key for key in ("units", "filters") if _asked(config, key) not in {0, *sizes}]
        # What was never built has no weights.
        if wrong and "build_config" in each:
            raise UserError(
                f"is damaged: its config asks for {_quoted(config, wrong[0])}, and its weights are "
                "of other sizes; save it again."
            )
        most = dict.fromkeys(LOOPS, MOST_APPLICATIONS) | dict.fromkeys(LISTS, MOST_ITEMS)
    elif str(each.get("registered_name")).startswith("ras_keras>"):
        connections = config.get("connection") and not config.get("shared_connection")
        separate = connections or not config.get("shared", True)
        most = {"k": arrays if separate else MOST_APPLICATIONS, "cells": arrays}
        most = {key: min(MOST_APPLICATIONS, number) for key, number in most.items()}
    for key, number in most.items():
        if _asked(config, key) > number:
            raise UserError(
                f"is refused: its config asks for {_quoted(config, key)}, and at most {number} are "
                "loaded; save it with fewer."
            )


def _quoted(config, key) -> str:
    return f"{key}={str(config[key])[:80]} in {config.get('name')!r:.80}"


def _asked(config, key) -> int:
    value = config.get(key, 0)
    return value if isinstance(value, int) else 0
