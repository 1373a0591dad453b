"""The classifier of weights to start from goes by the names of the classes."""

import keras
import numpy as np
import pytest

from ras_keras.errors import UserError
from ras_keras.outputs.class_names import save_model
from ras_keras.training.network import start_from
from tests.models.test_starting_weights import network

NAMES = ("cat", "dog", "emu")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    keras.utils.set_random_seed(1)
    model = network()
    save_model(folder / "named.keras", model, NAMES)
    save_model(folder / "nameless.keras", model, None)
    network(attention={}).save(folder / "ras.keras")
    return folder, model


@pytest.mark.parametrize(
    ("file", "names", "says", "order"),
    [
        ("named", NAMES, "", [0, 1, 2]),
        ("named", ("emu", "cat", "dog"), "in another order", [2, 0, 1]),
        ("named", ("cat", "dog", "fox"), "only it has 'emu', only the data set has 'fox'", None),
        ("named", ("cat", "dog"), "only it has 'emu': the classifier starts anew", None),
        ("nameless", ("x", "y", "z"), "its classifier goes by number", [0, 1, 2]),
        ("nameless", ("x", "y"), "has 3 classes, not 2: the classifier starts anew", None),
    ],
)
def test_the_classifier(saved, capsys, file, names, says, order):
    folder, source = saved
    model = network(classes=len(names))
    fresh = model.get_layer("predictions").get_weights()
    start_from(model, folder / f"{file}.keras", names)
    output = capsys.readouterr().out
    assert output.startswith(f"notice   {folder}") if says else not output
    assert says in output
    kernel, bias = source.get_layer("predictions").get_weights()
    expected = fresh if order is None else [kernel[:, order], bias[order]]
    for found, right in zip(model.get_layer("predictions").get_weights(), expected, strict=True):
        np.testing.assert_array_equal(found, right)
    stem = [each.get_layer("block1_conv").get_weights()[0] for each in (model, source)]
    np.testing.assert_array_equal(*stem)


def test_other_layers_are_refused_by_the_flag(saved):
    folder, _ = saved
    with pytest.raises(UserError, match=r"^weights=.* has no such layer; use the network, depth"):
        start_from(network(), folder / "ras.keras", NAMES)
