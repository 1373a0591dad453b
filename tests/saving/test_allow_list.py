"""What a configuration may name: everything that is not on the list is refused by its name."""

import json

import keras
import numpy as np
import pytest

import ras_keras
from ras_keras.errors import UserError
from ras_keras.saving import passes
from tests.saving.test_loading import config_of, refused, rewritten

TENSOR = {
    "class_name": "__keras_tensor__",
    "config": {"shape": [None, 8, 8, 3], "dtype": "float32", "keras_history": ["in", 0, 0]},
}
CLASS = "ras_keras>RecurrentAttention"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    x = keras.Input((8, 8, 3), name="in")
    y = keras.layers.Activation("relu", name="act")(x)
    y = keras.layers.GlobalAveragePooling2D(name="pool")(y)
    path = tmp_path_factory.mktemp("models") / "model.keras"
    keras.Model(x, keras.layers.Dense(4, "softmax", name="dense")(y)).save(path)
    return path


@pytest.fixture
def changed(saved, tmp_path):
    """Writes a copy whose layer `act` says something else."""

    def change(**fields):
        config = config_of(saved)
        (layer,) = (each for each in config["config"]["layers"] if each["name"] == "act")
        layer |= fields
        return rewritten(saved, tmp_path / "x.keras", config=json.dumps(config))

    return change


def function(module, name, registered_name=None):
    return {
        "class_name": "function",
        "module": module,
        "config": name,
        "registered_name": registered_name,
    }


def activation(value):
    return {"config": {"name": "act", "activation": value}}


def layer(name, module="keras.layers", **config):
    # Without what its build once said.
    return {
        "class_name": name,
        "module": module,
        "config": {"name": "act", **config},
        "build_config": None,
    }


def called_with(*args, **kwargs):
    return {"inbound_nodes": [{"args": list(args), "kwargs": kwargs}]}


def array(value, dtype, kind="__numpy__"):
    return {"class_name": kind, "config": {"value": value, "dtype": dtype}}


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("keras.layers", "TFSMLayer"),
        ("keras.layers", "Dense"),
        ("keras.datasets.mnist", "load_data"),
        ("keras.config", "set_floatx"),
        ("keras.config", "set_dtype_policy"),
        ("keras.config", "set_backend"),
        ("keras.utils", "get_file"),
        ("keras.saving", "load_model"),
        ("keras.activations", "deserialize"),
        ("keras.losses", "MeanSquaredError"),
        ("keras.src.ops.numpy", "square"),
        ("keras.ops", "nothing"),
        ("keras.random", "normal"),
        ("keras", "device"),
        ("builtins", "eval"),
        ("builtins", "get"),
        ("builtins", "MeanSquaredError"),
        ("os", "system"),
        ("tensorflow.io", "read_file"),
    ],
)
def test_functions(changed, module, name):
    path = changed(**activation(function(module, name)))
    refused(path, f"a function that is not known, '{name}'")


@pytest.mark.parametrize("name", ["relu", "gelu", "linear"])
def test_activations(changed, name):
    assert ras_keras.load_model(changed(**activation(name)))
    assert ras_keras.load_model(changed(**activation(function("builtins", name))))
    assert ras_keras.load_model(changed(**activation(function("keras.ops", "square"))))


@pytest.mark.parametrize(
    "fields",
    [
        activation(CLASS),
        activation(function("builtins", CLASS)),
        called_with(TENSOR, mask=CLASS),
        layer("Conv2D", filters=3, kernel_size=1, kernel_initializer=CLASS),
    ],
    ids=["name", "function", "argument", "initializer"],
)
def test_no_class_is_a_function(changed, fields):
    refused(changed(**fields), f"it uses the class '{CLASS}' as a function")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"module": 3}, "a class that is not known"),
        ({"module": "keras.src.layers.core.lambda_layer", "class_name": "Lambda"}, "a Lambda"),
        ({"registered_name": "keras_tuner>Nothing"}, "a class that is not known"),
        ({"registered_name": {"a": 1}}, "a class that is not known"),
        ({"registered_name": CLASS}, "these do not agree"),
        ({"registered_name": CLASS, "module": "mine"}, "these do not agree"),
        ({"class_name": "layers.ReLU", "module": "keras"}, "a class that is not known"),
        (layer("BackupAndRestore", "keras.callbacks", backup_dir="x"), "'keras.callbacks.Backup"),
        (layer("Map", "keras.src.ops.core") | called_with(function("os", "f"), TENSOR), "'f'"),
        ({"build_config": function("keras.config", "set_floatx")}, "'set_floatx'"),
        (activation(function("keras.activations", "relu", "gelu")), "'relu' has two names"),
        (activation(function("builtins", 3)), "3 has two names"),
    ],
)
def test_names_that_do_not_agree(changed, fields, says):
    refused(changed(**fields), says)


def test_a_layer_without_its_module(saved, tmp_path):
    config = config_of(saved)
    del config["config"]["layers"][1]["module"]
    path = rewritten(saved, tmp_path / "x.keras", config=json.dumps(config))
    refused(path, "'Activation' says no module")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (called_with(), "is called without a tensor"),
        (called_with(inputs="float16"), "is called without a tensor"),
        ({"inbound_nodes": [{}]}, "is called without arguments"),
        ({"inbound_nodes": "abc"}, "has no list of calls"),
        ({"inbound_nodes": [[]]}, "is called without a tensor"),
        ({"inbound_nodes": [[["in", 0]]]}, "is called with what is no tensor"),
        (called_with(TENSOR, mask=layer("Dense", units=4)), "with an object, 'Dense'"),
        (called_with(TENSOR, mask={"class_name": "__typespec__", "config": []}), "'__typespec__'"),
        (called_with(TENSOR, mask=array("a", "U250000000")), "an array of dtype 'U250000000'"),
        (called_with(TENSOR, mask=array(0, ["f4", [9, 9]])), "an array of dtype"),
        (called_with(TENSOR, mask=array([0] * 2**20 + [1], "int8", "__tensor__")), "1,048,576 num"),
    ],
)
def test_calls(changed, fields, says):
    refused(changed(**fields), says)


def test_calls_as_keras_2_wrote_them(changed):
    assert ras_keras.load_model(changed(inbound_nodes=[[["in", 0, 0, {}]]]))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (layer("MaxPooling2D", pool_size=[9**9, 1], padding="same", strides=1), "pool_size in 'ac"),
        (
            layer("DepthwiseConv2D", kernel_size=10**5, padding="same"),
            "more than 1,048,... numbers",
        ),
        (layer("ZeroPadding2D", padding=10**6), r"maps of shape \(None, 2000008, 2000008, 3\)"),
        (layer("RandAugment", num_ops=10**9), "num_ops=1000000000 in 'act', and at most 100"),
        (layer("AugMix", num_chains=10**9), "num_chains=1000000000"),
        (
            layer(
                "SpectralNormalization",
                layer=layer("Conv2D", filters=3, kernel_size=1),
                power_iterations=10**9,
            ),
            "power_iterations=1000000000",
        ),
    ],
)
def test_sizes(changed, fields, says):
    refused(changed(**fields), says.replace("...", r"\d+"))


def test_a_large_window_over_a_small_map(changed):
    """As CBAM's, and as a published network at a tiny size has them."""
    fields = layer("MaxPooling2D", pool_size=7, padding="same", strides=1)
    assert ras_keras.load_model(changed(**fields))


def test_a_dilated_window(tmp_path):
    x = keras.Input((8, 8, 3))
    path = tmp_path / "x.keras"
    keras.Model(x, keras.layers.Conv2D(2, 3, padding="same", name="wide")(x)).save(path)
    config = config_of(path)
    config["config"]["layers"][1]["config"]["dilation_rate"] = 9**9
    path = rewritten(path, tmp_path / "y.keras", config=json.dumps(config))
    refused(path, "kernel_size in 'wide' reaches over 774,840,979 places")


def sequential(count):
    layers = [layer("ReLU") | {"config": {"name": f"relu{i}"}} for i in range(count)]
    shape = layer("InputLayer", batch_shape=[None, 4])
    config = {"name": "sequential", "layers": [shape, *layers]}
    return {"module": "keras", "class_name": "Sequential", "config": config}


def test_long_sequential_models(saved, tmp_path):
    path = rewritten(saved, tmp_path / "x.keras", config=json.dumps(sequential(101)))
    refused(path, "'sequential' has 101 layers, and at most 100 are loaded")
    outer = sequential(1)
    outer["config"]["layers"] += [sequential(80) | {"name": f"s{i}"} for i in range(4)]
    path = rewritten(saved, tmp_path / "y.keras", config=json.dumps(outer))
    refused(path, "calls layers more than 10,000 times")


def test_models_in_models_in_models(saved, tmp_path):
    """Ten calls of ten calls of ten calls ..., in a file of a few kilobytes."""
    inner = config_of(saved)["config"]["layers"][1]
    for depth in range(4):
        shape = {"batch_shape": [None, 8, 8, 3], "name": "in"}
        model = {
            "name": f"model{depth}",
            "layers": [layer("InputLayer") | {"config": shape, "name": "in"}, inner],
            "input_layers": [["in", 0, 0]],
            "output_layers": [[inner["name"], 0, 0]],
        }
        inner["inbound_nodes"] = 10 * called_with(TENSOR)["inbound_nodes"]
        inner = {"module": "keras.src.models.functional", "class_name": "Functional"}
        inner |= {"config": model, "name": model["name"]}
    path = rewritten(saved, tmp_path / "x.keras", config=json.dumps(inner))
    refused(path, "calls layers more than 10,000 times")


def test_what_is_no_model(saved, tmp_path):
    for name, module in (("MeanSquaredError", "keras.losses"), ("Flatten", "keras.layers")):
        config = json.dumps(layer(name, module) | {"config": {"name": "x"}})
        path = rewritten(saved, tmp_path / f"{name}.keras", config=config)
        refused(path, f"a {name} and no model|Keras cannot rebuild")


def test_keras_itself_is_as_before(changed):
    before = keras.config.floatx(), keras.config.dtype_policy().name
    for name, value in (("set_floatx", "float16"), ("set_dtype_policy", "mixed_float16")):
        fields = activation(function("keras.config", name)) | called_with(inputs=value)
        refused(changed(**fields), "is refused")
    assert before == (keras.config.floatx(), keras.config.dtype_policy().name)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_weights_that_are_not_finite(tmp_path, number, dtype):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, dtype=dtype)])
    kernel = np.ones((3, 2))
    kernel[2, 1] = number
    model.layers[0].kernel.assign(kernel)
    model.save(tmp_path / "x.keras")
    refused(tmp_path / "x.keras", "not finite, 'layers/dense/vars/0'; its training diverged")


def test_other_files(saved, tmp_path):
    model = keras.saving.load_model(saved)
    renamed = tmp_path / "model.keras.bak"
    renamed.write_bytes(saved.read_bytes())
    refused(renamed, "a Keras model under another name; rename it to end in .keras")
    model.save_weights(tmp_path / "a.weights.h5")
    refused(tmp_path / "a.weights.h5", "holds weights without a network")
    model.save(tmp_path / "b.h5")
    refused(tmp_path / "b.h5", "a model in Keras's older HDF5 format")
    (tmp_path / "c.keras").write_bytes((tmp_path / "b.h5").read_bytes()[:100])
    refused(tmp_path / "c.keras", "a damaged HDF5 file")


def test_calls_within_sequential_models(saved, tmp_path):
    """They would hide how many layers the model has."""
    config = sequential(101)
    config["config"]["layers"][0]["inbound_nodes"] = []
    path = rewritten(saved, tmp_path / "x.keras", config=json.dumps(config))
    refused(path, "a layer of its Sequential model 'sequential' has inbound_nodes")


def test_layers_that_say_no_calls_count(saved, tmp_path):
    config = config_of(saved)
    config["config"]["layers"] += [sequential(60) | {"name": f"s{i}"} for i in range(6)]
    path = rewritten(saved, tmp_path / "x.keras", config=json.dumps(config))
    refused(path, "calls layers more than 10,000 times")


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "chain.keras"
    x = y = keras.Input((4,))
    for _ in range(20):
        y = keras.layers.ReLU()(y)
    keras.Model(x, y).save(path)
    return path


@pytest.mark.parametrize("old", [False, True], ids=["keras3", "keras2"])
def test_layers_in_another_order(chain, tmp_path, monkeypatch, old):
    """Keras makes one pass over all layers for each one that stands before its input."""
    config = config_of(chain)
    layers = config["config"]["layers"]
    for layer in layers if old else ():
        for node in layer["inbound_nodes"]:
            (tensor,) = node["args"]
            layer["inbound_nodes"] = [[[*tensor["config"]["keras_history"], {}]]]
    monkeypatch.setattr(passes, "MOST_LOOKS", 399)
    in_order = rewritten(chain, tmp_path / "x.keras", config=json.dumps(config))
    assert ras_keras.load_model(in_order)
    layers.reverse()
    path = rewritten(chain, tmp_path / "y.keras", config=json.dumps(config))
    refused(path, "its layers stand in an order in which Keras finds their inputs late")
    monkeypatch.setattr(passes, "MOST_LOOKS", 400)
    assert ras_keras.load_model(path)


@pytest.mark.parametrize("place", [["in", -1, 0], ["in", 0], ["in", True, 0], "in", {}, [1, 0, 0]])
def test_tensors_from_nowhere(changed, place):
    tensor = {**TENSOR, "config": TENSOR["config"] | {"keras_history": place}}
    refused(changed(**called_with(tensor)), "is called with what is no tensor")


@pytest.mark.parametrize(
    "metrics",
    [{"name": CLASS}, {"keras_history": [CLASS]}, {"out": {"config": CLASS}}, {"module": [CLASS]}],
)
def test_no_class_is_a_metric(saved, tmp_path, metrics):
    """What is a name in a layer is none where Keras reads any text as a class."""
    compiled = {"optimizer": "sgd", "loss": "mse", "metrics": metrics}
    config = json.dumps(config_of(saved) | {"compile_config": compiled})
    path = rewritten(saved, tmp_path / "x.keras", config=config)
    refused(path, f"it uses the class '{CLASS}' as a function")


def test_names_as_those_of_classes(tmp_path):
    """A layer, its model and a metric may be called as the class is."""
    x = keras.Input((2,))
    model = keras.Model(x, Named(name="Named")(x), name="Named")
    model.compile("sgd", "mse", [keras.metrics.MeanSquaredError(name="Named")])
    model.save(tmp_path / "x.keras")
    assert ras_keras.load_model(tmp_path / "x.keras", custom_objects={"Named": Named})


class Named(keras.layers.Layer):
    def call(self, x):
        return x


def test_a_class_of_ones_own_in_the_place_of_one_of_keras(changed):
    refused(
        changed(registered_name="Activation"),
        "these do not agree; if you trust it, load it by keras.saving.load_model and save",
        custom_objects={"Activation": Named},
    )


def test_layers_of_one_name_are_looked_at_each_time(monkeypatch):
    again = {"name": "act", "inbound_nodes": [[["act", 1, 0]]]}
    monkeypatch.setattr(passes, "MOST_LOOKS", 20)
    passes.check_passes([again] * 20, [False] * 20)
    with pytest.raises(UserError, match="in an order"):
        passes.check_passes([again] * 21, [False] * 21)
