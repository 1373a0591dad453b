"""The network of a file is trained on other classes: --model saved, --freeze, --weights-rate."""

from pathlib import Path

import keras
import numpy as np
import pytest

from ras_keras.errors import UserError
from ras_keras.models import ResNet
from ras_keras.outputs.class_names import save_model
from ras_keras.training import RECIPES, Recipe, RunFolder, check_recipe, resolve
from ras_keras.training.averaging import MovingStatistics
from ras_keras.training.network import compiled_network, keep_weights, resumed

NAMES = ("cat", "dog", "emu")
SHAPE = (32, 32, 3)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    keras.utils.set_random_seed(1)
    model = ResNet(11, attention=None, classes=3)
    model.get_layer("stem_conv").trainable = False
    save_model(path, model, NAMES)
    return path


def recipe_of(file, **values) -> Recipe:
    recipe = RECIPES["fine-tuning"].replace(weights=str(file), jit="off", precision="float32")
    return recipe.replace(**values)


def network_of(file, names=("x", "y"), **values):
    return compiled_network(
        resolve(recipe_of(file, **values)),
        class_names=names,
        input_shape=SHAPE,
        classes=len(names),
        mean=(0, 0, 0),
        variance=(1, 1, 1),
    )


def step(model, classes=2):
    """One step; how far each layer's variables moved, by the layer's name."""
    before = {id(v): keras.ops.convert_to_numpy(v) for v in model.variables}
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (4, *SHAPE), "uint8"), np.arange(4) % classes
    model.train_on_batch(images, labels)
    return {
        layer.name: max(
            float(np.abs(keras.ops.convert_to_numpy(v) - before[id(v)]).max())
            for v in layer.variables
        )
        for layer in model.layers
        if layer.variables and layer.name != "normalization"
    }


def test_frozen_layers_stay_and_new_ones_move(file):
    moved = step(network_of(file, attention="se", freeze=True))
    new = {name for name, far in moved.items() if far > 0}
    expected = {name for name in moved if name.endswith("_attention") or name == "predictions"}
    assert new == expected
    assert len(new) == 4


def test_a_layer_that_was_saved_frozen_is_trained(file):
    assert step(network_of(file))["stem_conv"] > 0


@pytest.mark.slow
def test_what_was_there_moves_by_its_share_of_the_rate(file):
    whole, slow = (
        step(network_of(file, attention="se", weights_rate=rate)) for rate in (1.0, 0.25)
    )
    assert slow["predictions"] == pytest.approx(whole["predictions"], rel=1e-4)
    assert slow["stem_conv"] == pytest.approx(0.25 * whole["stem_conv"], rel=1e-3)
    gate = "stage1_block1_attention"
    assert slow[gate] == pytest.approx(whole[gate], rel=1e-3)


@pytest.mark.parametrize(
    ("names", "says", "order"),
    [
        (NAMES, "", [0, 1, 2]),
        (("emu", "cat", "dog"), "has its classes in another order", [2, 0, 1]),
        (("emu", "cat", "fox"), "the classifier starts anew", None),
    ],
)
def test_the_classifier_goes_by_the_names_of_the_classes(file, capsys, names, says, order):
    kernel = keras.saving.load_model(file).get_layer("predictions").get_weights()[0]
    model = network_of(file, names, freeze=True, attention="se")
    assert says in capsys.readouterr().out
    layer = model.get_layer("predictions")
    assert layer.trainable == (order is None)
    same = order is not None and np.array_equal(layer.get_weights()[0], kernel[:, order])
    assert same == (order is not None)


@pytest.mark.slow
def test_a_network_of_ours_by_its_weights(file):
    """Without the family saved: all but the classifier of other classes is frozen, or slow."""
    of_ours = {"model": "resnet", "depth": 11}
    moved = step(network_of(file, **of_ours, freeze=True))
    assert {name for name, far in moved.items() if far > 0} == {"predictions"}
    whole, slow = (step(network_of(file, **of_ours, weights_rate=rate)) for rate in (1.0, 0.5))
    assert slow["stem_conv"] == pytest.approx(0.5 * whole["stem_conv"], rel=1e-3)


@pytest.mark.parametrize("values", [{}, {"freeze": True}, {"weights_rate": 0.5}])
@pytest.mark.parametrize("saved", [True, False])
def test_a_run_keeps_a_copy_of_the_file_where_it_says_what_is_new(file, tmp_path, saved, values):
    network = {} if saved else {"model": "resnet", "depth": 11}
    recipe, run = recipe_of(file, **network, **values), RunFolder(tmp_path)
    keep_weights(recipe, run)
    kept = resumed(recipe, run).network.weights
    assert (kept is not None) == bool(saved or values)
    if kept is not None:
        assert Path(kept).read_bytes() == file.read_bytes()
        assert Path(kept).parent == tmp_path


def test_frozen_normalizations_keep_their_statistics_beside_averaged_weights(file):
    frozen = MovingStatistics(network_of(file, attention="se", freeze=True, average_weights=0.9))
    assert frozen.moving == []
    whole = MovingStatistics(network_of(file, attention="se", average_weights=0.9))
    assert len(whole.moving) == 2 * 13


@pytest.mark.parametrize("network", [{}, {"model": "resnet", "depth": 11}])
def test_nothing_is_left_to_train(file, network):
    with pytest.raises(UserError, match="freeze=True leaves nothing to train"):
        network_of(file, NAMES, freeze=True, **network)


def test_a_network_of_vectors(tmp_path):
    x = keras.Input((784,))
    keras.Model(x, keras.layers.Dense(3, "softmax")(x)).save(tmp_path / "v.keras")
    with pytest.raises(UserError, match=r"takes \(None, 784\) and no images"):
        network_of(tmp_path / "v.keras")


def test_images_of_another_size(file):
    with pytest.raises(UserError, match=r"takes images of 32x32x3, the data have 64x64x3; give "):
        compiled_network(
            resolve(recipe_of(file)), class_names=("x", "y"), classes=2, input_shape=(64, 64, 3)
        )


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"weights": None}, "model='saved' is the network of `weights`, which names nothing"),
        ({"precision": "mixed_bfloat16"}, "computes in float32, not in mixed_bfloat16; give prec"),
        ({"aggregation": "rla"}, "aggregation='rla' says nothing to saved"),
        ({"depth": 11}, "depth=11 says nothing to saved"),
        (
            {"attention": "simam"},
            "model='saved': start must be 'published': SimpleAttention has no weights",
        ),
        (
            {"model": "saved:where=con", "attention": "se"},
            "model='saved:where=con': where must name a layer",
        ),
        (
            {"model": "saved:where=a", "attention": "none"},
            "model='saved:where=a': where says nothing to attention='none'",
        ),
        ({"model": "saved:begin=a"}, "begin"),
        ({"freeze": True, "weights_rate": 0.5}, "freeze=True and weights_rate=0.5 exclude"),
        (
            {"model": "resnet", "depth": 11, "weights": None, "weights_rate": 0.5},
            "weights_rate=0.5 says nothing without `weights`; give both",
        ),
    ],
)
def test_recipes_that_are_refused(file, values, says):
    with pytest.raises(UserError, match=says):
        check_recipe(recipe_of(file, **values))
