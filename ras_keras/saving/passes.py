"""How often Keras goes over the layers of a functional model until each has its inputs."""

from ras_keras.errors import UserError
from ras_keras.saving.nodes import inputs_of

# Tensors that are looked at, in all passes. A pass makes the calls whose inputs are there by then;
# Keras writes layers nearly in that order. ResNet407 takes 1,634 in one pass.
MOST_LOOKS = 50_000


def check_passes(layers: list[dict], have_call: list[bool]) -> None:
    """Refuses layers that stand in an order for which Keras takes long.

    Args:
        layers: of a functional model, with calls that `check_nodes` has let pass.
        have_call: of each, whether it is called once when it is made.

    Raises:
        UserError: without the file.
    """
    calls = {
        str(layer.get("name")): [inputs_of(node) for node in layer.get("inbound_nodes", ())]
        for layer in layers
    }
    called = {
        str(layer.get("name")): int(has_call)
        for layer, has_call in zip(layers, have_call, strict=True)
    }
    # Layers of one name are taken for the last of them, each time.
    looks = sum(max(1, len(inputs)) for layer in layers for inputs in calls[str(layer.get("name"))])
    waiting = {name: list(reversed(nodes)) for name, nodes in calls.items() if nodes}

    def is_there(name, number):
        return name not in calls or called[name] > number or not waiting.get(name)

    passes, before = 0, -1
    while waiting and before != sum(called.values()):
        passes, before = passes + 1, sum(called.values())
        if passes * looks > MOST_LOOKS:
            raise UserError(
                "is refused: its layers stand in an order in which Keras finds their inputs late; "
                "save it again with model.save."
            )
        for name, nodes in list(waiting.items()):
            while nodes and all(is_there(*place) for place in nodes[-1]):
                nodes.pop()
                called[name] += 1
            if not nodes:
                del waiting[name]
