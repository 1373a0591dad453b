"""How many calls of layers it takes to build a model, before it is built."""

from collections.abc import Iterator

import keras

from ras_keras.errors import UserError
from ras_keras.saving.objects import class_of, is_object
from ras_keras.saving.passes import check_passes

# ResNet407 takes some 3,000.
MOST_CALLS = 10_000
# Keras builds a Sequential model anew with each layer that is added.
MOST_SEQUENTIAL = 100


def check_calls(config: dict, custom_objects: dict) -> None:
    """Refuses a model that takes too long to build.

    Args:
        config: of the model.
        custom_objects: classes and functions by name, beside the registered ones.

    Raises:
        UserError: saying what there is too much of, without the file.
    """
    if Calls(custom_objects).to_build(config) > MOST_CALLS:
        raise UserError(
            f"is refused: building it calls layers more than {MOST_CALLS:,} times, those in nested "
            "models as often as these are called."
        )


class Calls:
    """Counts calls; a model within a model is counted as often as it is called."""

    def __init__(self, custom_objects: dict):
        self.custom_objects = custom_objects
        # By the identity of a configuration, which is looked at from each model around it.
        self.counted: dict[int, int] = {}

    def to_build(self, each: dict) -> int:
        """Until an object is there."""
        layers = _layers(each)
        if layers is None:
            return 1 + sum(map(self.to_build, _models_in(each["config"])))
        built = sum(map(self.to_build, layers))
        if not self._is_sequential(each):
            check_passes(layers, [self._has_call(layer) for layer in layers])
            return built + self.to_call(each)
        if any("inbound_nodes" in layer for layer in layers):
            raise UserError(
                f"is refused: a layer of its Sequential model {each['config'].get('name')!r:.80} "
                "has inbound_nodes, as those of a functional model have."
            )
        added = [layer for layer in layers if layer["class_name"] != "InputLayer"]
        if len(added) > MOST_SEQUENTIAL:
            raise UserError(
                f"is refused: its Sequential model {each['config'].get('name')!r:.80} has "
                f"{len(added):,} layers, and at most {MOST_SEQUENTIAL} are loaded; make it a "
                "functional model."
            )
        return built + sum((len(added) - i) * self.to_call(layer) for i, layer in enumerate(added))

    def to_call(self, each: dict) -> int:
        """In one call of an object."""
        if id(each) not in self.counted:
            layers = _layers(each)
            if layers is None:
                calls = max(1, sum(map(self.to_call, _models_in(each["config"]))))
            elif self._is_sequential(each):
                calls = sum(map(self.to_call, layers))
            else:
                calls = sum(max(1, len(_nodes(layer))) * self.to_call(layer) for layer in layers)
            self.counted[id(each)] = calls
        return self.counted[id(each)]

    def _has_call(self, layer) -> bool:
        """Whether a layer is called once when it is made, as inputs and functional models are."""
        if layer["class_name"] == "InputLayer":
            return True
        return _layers(layer) is not None and not self._is_sequential(layer)

    def _is_sequential(self, each) -> bool:
        found = class_of(each, self.custom_objects)
        return found is not None and issubclass(found, keras.Sequential)


def _layers(each) -> list[dict] | None:
    """The layers of a model, None for any other object."""
    config = each["config"]
    layers = config.get("layers") if isinstance(config, dict) else None
    if not isinstance(layers, list):
        return None
    return [layer for layer in layers if is_object(layer)]


def _nodes(layer) -> list:
    nodes = layer.get("inbound_nodes")
    return nodes if isinstance(nodes, list) else []


def _models_in(value) -> Iterator[dict]:
    """The models among the arguments of a layer, such as that of a wrapper."""
    if is_object(value) and _layers(value) is not None:
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _models_in(item)
