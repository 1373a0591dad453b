"""What tells networks apart."""

import json

from ras_keras.recipes.network import NetworkRecipe


def network_key(arguments: dict) -> str:
    """What builds a network, as text: equal for equal networks only."""
    return json.dumps(arguments, sort_keys=True)


def identity(network: NetworkRecipe) -> tuple[str, str]:
    """What tells networks apart: the family, and the key of what builds one."""
    return network.family, network_key(network.arguments())
