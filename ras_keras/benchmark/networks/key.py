"""What tells networks apart."""

import json


def network_key(arguments: dict) -> str:
    """What builds a network, as text: equal for equal networks only."""
    return json.dumps(arguments, sort_keys=True)
