"""How many calls of layers it takes to build a model, before it is built."""

from collections.abc import Iterator

from ras_keras.errors import UserError
from ras_keras.model_file.objects import is_object

# ResNet407 takes some 3,000.
MOST_CALLS = 10_000
# Keras builds a Sequential model anew with each layer that is added.
MOST_SEQUENTIAL = 100


def check_calls(config: dict) -> None:
    """Refuses a model that takes too long to build.

    Args:
        config: of the model.

    Raises:
        UserError: saying what there is too much of, without the file.
    """
    if Calls().to_build(config) > MOST_CALLS:
        raise UserError(
            f"is refused: building it calls layers more than {MOST_CALLS:,} times, those in nested "
            "models as often as these are called."
        )


class Calls:
    """Counts calls; a model within a model is counted as often as it is called."""

    def __init__(self):
        # By the identity of a configuration, which is looked at from each model around it.
        self.counted = {}

    def to_build(self, each: dict) -> int:
        """Until an object is there."""
        layers = _layers(each)
        if layers is None:
            return 1 + sum(map(self.to_build, _models_in(each["config"])))
        built = sum(map(self.to_build, layers))
        if not _is_sequential(layers):
            return built + self.to_call(each)
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
            elif _is_sequential(layers):
                calls = sum(map(self.to_call, layers))
            else:
                calls = sum(len(_nodes(layer)) * self.to_call(layer) for layer in layers)
            self.counted[id(each)] = calls
        return self.counted[id(each)]


def _layers(each) -> list[dict] | None:
    """The layers of a model, None for any other object."""
    config = each["config"]
    layers = config.get("layers") if isinstance(config, dict) else None
    if not isinstance(layers, list):
        return None
    return [layer for layer in layers if is_object(layer)]


def _is_sequential(layers) -> bool:
    return not any("inbound_nodes" in layer for layer in layers)


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
