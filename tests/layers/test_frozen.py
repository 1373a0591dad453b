"""A layer that was saved frozen is frozen when it is loaded, with all of its parts."""

import keras
import pytest

from ras_keras.layers import ATTENTION
from ras_keras.layers.registry import make_attention


@pytest.mark.parametrize("name", ATTENTION)
@pytest.mark.parametrize("trainable", [True, False])
def test_loaded_as_it_was_saved(name, trainable):
    inputs = keras.Input((8, 8, 32))
    layer = make_attention(name, {"k": 2} if name == "ras" else {})
    model = keras.Model(inputs, layer(inputs))
    layer.trainable = trainable
    loaded = keras.Model.from_config(model.get_config())
    count = len(model.trainable_variables)
    assert len(loaded.trainable_variables) == count
    assert trainable or count == 0
    for each in loaded._flatten_layers():
        if each is not loaded:
            assert each.trainable == trainable or isinstance(each, keras.layers.InputLayer)
