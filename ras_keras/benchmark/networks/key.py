"""What tells networks apart."""

import json

from ras_keras.models import MODELS
from ras_keras.recipes.network import NetworkRecipe


def network_key(arguments: dict) -> str:
    """What builds a network, as text: equal for equal networks only."""
    return json.dumps(arguments, sort_keys=True)


def identity(network: NetworkRecipe) -> tuple[str, str]:
    """What tells networks apart: the family, and the key of what builds one."""
    return network.family, network_key(network.arguments())


def completed(family: str, key: str) -> str:
    """A stored key with the defaults of options that its family has got since."""
    return network_key(MODELS[family].defaults | json.loads(key)) if family in MODELS else key
