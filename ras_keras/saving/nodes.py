"""The calls of a layer in a `.keras` file: of tensors, with plain arguments beside them."""

from collections.abc import Iterator

from ras_keras.errors import UserError
from ras_keras.saving.objects import FUNCTION, LITERALS, TENSOR, is_object

PLAIN = (str, int, float, bool, type(None))


def check_nodes(layer: dict) -> None:
    """Refuses calls without a tensor, which Keras would run while it loads, and other arguments.

    Args:
        layer: the configuration of a layer in a functional model.

    Raises:
        UserError: naming the layer, without the file.
    """
    nodes = layer["inbound_nodes"]
    name = layer.get("name")
    if not isinstance(nodes, list):
        raise _refuse(name, "has no list of calls")
    for node in nodes:
        if isinstance(node, list):
            _check_old(name, node)
        elif isinstance(node, dict) and node.keys() == {"args", "kwargs"}:
            _check(name, node)
        # Keras calls the layer without arguments for what is empty.
        else:
            raise _refuse(name, "is called without arguments")


def _check(name, node):
    waiting, tensors = [node["args"], node["kwargs"]], 0
    while waiting:
        value = waiting.pop()
        if is_object(value):
            kind = value["class_name"]
            tensors += kind == TENSOR
            if kind == TENSOR and not all(map(_is_place, _places(value))):
                raise _refuse(name, "is called with what is no tensor")
            if kind not in (*LITERALS, FUNCTION):
                raise _refuse(name, f"is called with an object, {kind!r:.80}")
        elif isinstance(value, list | dict):
            waiting += value.values() if isinstance(value, dict) else value
        elif not isinstance(value, PLAIN):
            raise _refuse(name, f"is called with {value!r:.80}")
    if not tensors:
        raise _refuse(name, "is called without a tensor")


def _check_old(name, node):
    """As Keras 2 wrote it: [name, node, tensor] of each tensor, and plain keywords behind it."""
    for tensor in node:
        if not (
            isinstance(tensor, list)
            and len(tensor) in (3, 4)
            and _is_place(tensor[:3])
            and all(isinstance(keywords, dict) for keywords in tensor[3:])
        ):
            raise _refuse(name, "is called with what is no tensor")
    if not node:
        raise _refuse(name, "is called without a tensor")


def _places(tensor: dict) -> list:
    """Where a tensor comes from: nothing, or one [layer, call, output]."""
    config = tensor["config"] if isinstance(tensor["config"], dict) else {}
    place = config.get("keras_history")
    return [] if place is None else [place]


def _is_place(value) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 3
        and isinstance(value[0], str)
        and all(type(number) is int and number >= 0 for number in value[1:])
    )


def inputs_of(node: list | dict) -> list[tuple[str, int]]:
    """The calls whose outputs a call takes, each as its layer and its number among those of it.

    Args:
        node: one that `check_nodes` has let pass.
    """
    places = node if isinstance(node, list) else _places_in(node)
    return [(place[0], place[1]) for place in places]


def _places_in(value) -> Iterator[list]:
    if is_object(value):
        yield from _places(value) if value["class_name"] == TENSOR else ()
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _places_in(item)


def _refuse(name, what):
    return UserError(
        f"is refused: its layer {name!r:.80} {what}; layers are called with tensors and plain "
        "values."
    )
