"""What tells networks apart, also in a file that knows fewer options."""

import json

from ras_keras.benchmark.networks.key import completed, identity
from ras_keras.recipes.network import NetworkRecipe


def test_a_stored_key_gets_what_its_family_got_since():
    network = NetworkRecipe(model="resnet", depth=20, attention="none")
    family, key = identity(network)
    known = json.loads(key)
    older = {name: value for name, value in known.items() if name != "normalization"}
    assert completed(family, json.dumps(older)) == key
    other = identity(NetworkRecipe(model="resnet:normalization=iebn", depth=20, attention="none"))
    assert completed(family, json.dumps(older)) != other[1]
    assert completed("own", "{}") == "{}"
