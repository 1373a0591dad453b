"""Files made to do harm: refused in one line, before Keras sees them and before memory is taken."""

import io
import json
import struct
import time
import tracemalloc
import zipfile
from concurrent.futures import ThreadPoolExecutor

import h5py
import keras
import numpy as np
import pytest

import ras_keras
from ras_keras.commands import run
from ras_keras.errors import UserError
from ras_keras.models import ResNet
from ras_keras.outputs.class_names import read_class_names
from ras_keras.saving.loading import check_model_file
from tests.saving.test_loading import config_of, refused, rewritten

LAMBDA = {"class_name": "__lambda__", "config": {"code": "4wA=", "defaults": None}}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "model.keras"
    ResNet(11, input_shape=(8, 8, 3)).save(path)
    return path


@pytest.fixture(scope="module")
def weights(saved):
    with zipfile.ZipFile(saved) as archive:
        return archive.read("model.weights.h5")


def with_member(saved, path, name, content=b"x", **attributes):
    path.write_bytes(saved.read_bytes())
    member = zipfile.ZipInfo(name)
    for attribute, value in attributes.items():
        setattr(member, attribute, value)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(member, content)
    return path


@pytest.mark.parametrize(
    "name", ["/etc/x", "assets/../../x", "..", "C:/x", "C:x", "assets\\..\\x", "assets/x\ny"]
)
def test_names_that_lead_out(saved, tmp_path, name):
    refused(with_member(saved, tmp_path / "x.keras", name), "has a name that leads out of it")


def test_links(saved, tmp_path):
    link = with_member(
        saved, tmp_path / "x.keras", "assets/x", b"/etc/passwd", external_attr=0o120777 << 16
    )
    refused(link, "'assets/x' is a link or a device")


def test_assets_of_ones_own(saved, tmp_path):
    assert ras_keras.load_model(with_member(saved, tmp_path / "x.keras", "assets/words.txt"))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_twice_or_over_each_other(saved, tmp_path):
    refused(with_member(saved, tmp_path / "x.keras", "config.json"), "there twice or overlap")
    content = bytearray(saved.read_bytes())
    with zipfile.ZipFile(saved) as archive:
        directory, header = archive.start_dir, archive.getinfo("config.json").header_offset
    # In the directory, metadata.json is the first; its place is 42 bytes in.
    struct.pack_into("<L", content, directory + 42, header)
    (tmp_path / "y.keras").write_bytes(content)
    refused(tmp_path / "y.keras", "there twice or overlap")


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=str
)
def test_zip_bombs(saved, tmp_path, method):
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(path, "w", method) as target:
        for name in source.namelist():
            bomb = bytes(2**25) if name == "model.weights.h5" else source.read(name)
            target.writestr(name, bomb)
    refused(path, "is compressed, which Keras never does")
    # The same with sizes that lie.
    content = path.read_bytes().replace(struct.pack("<L", 2**25), struct.pack("<L", 700_000))
    path.write_bytes(content)
    refused(path, "is compressed")


def test_encrypted(saved, tmp_path):
    content = bytearray(saved.read_bytes())
    with zipfile.ZipFile(saved) as archive:
        content[archive.start_dir + 8] |= 1
    (tmp_path / "x.keras").write_bytes(content)
    refused(tmp_path / "x.keras", "is encrypted")


def nested(depth, opening=b"[", closing=b"]"):
    functional = b'{"module":"keras","class_name":"Model","config":{"a":'
    return functional + opening * depth + closing * depth + b"}}"


def test_json(saved, tmp_path):
    for i, content in enumerate((nested(200), nested(200, b'{"a":', b"}").replace(b":}", b":1}"))):
        refused(rewritten(saved, tmp_path / f"{i}.keras", config=content), "nested 100 deep")
    deep = rewritten(saved, tmp_path / "deep.keras", config=nested(100_000))
    refused(deep, "config.json is no JSON")
    many = rewritten(saved, tmp_path / "many.keras", config=nested(250_000))
    refused(many, "more than 250,000 lists and dicts")
    large = rewritten(saved, tmp_path / "large.keras", config=b" " * 10**7)
    refused(large, "has 10,000,000 bytes, of which 8,388,608 are the most")
    number = b'{"class_name":"A","config":{"a":' + b"9" * 5000 + b"}}"
    refused(rewritten(saved, tmp_path / "number.keras", config=number), "is no JSON")


def with_layer(saved, path, layer, **more):
    config = config_of(saved)
    config["config"]["layers"].append({"config": {}, "name": "x", "inbound_nodes": []} | layer)
    return rewritten(saved, path, config=json.dumps(config | more))


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ({"module": "keras.layers", "class_name": "Lambda"}, "it needs a Lambda, and loading"),
        ({"class_name": "Lambda"}, "it needs a Lambda"),
        (
            {
                "module": "keras.layers",
                "class_name": "Lambda",
                "registered_name": "ras_keras>RecurrentAttention",
            },
            "it needs a Lambda",
        ),
        ({"module": "keras", "class_name": "layers.Lambda"}, "it needs a layers.Lambda"),
        ({"module": "keras.src.layers", "class_name": "TFSMLayer"}, "it needs a TFSMLayer"),
        ({"module": "keras.layers", "class_name": "TorchModuleWrapper"}, "TorchModuleWrapper"),
        ({"class_name": "A", "module": "os", "config": {"a": LAMBDA}}, "a lambda|'A'"),
        ({"module": "os", "class_name": "system"}, "a class that is not known, 'system'"),
        ({"module": "os", "class_name": "function", "config": "system"}, "function .*'system'"),
        ({"module": "builtins", "class_name": "function", "config": "eval"}, "function .*'eval'"),
        ({"module": "kerass", "class_name": "Dense"}, "a class that is not known, 'Dense'"),
    ],
)
def test_code(saved, tmp_path, layer, message):
    refused(with_layer(saved, tmp_path / "x.keras", layer), message)


def test_code_in_other_places(saved, tmp_path):
    compiled = {"loss": LAMBDA}
    relu = {"module": "keras.layers", "class_name": "ReLU"}
    path = with_layer(saved, tmp_path / "a.keras", relu, compile_config=compiled)
    refused(path, "it needs a lambda, and loading that could run any code")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x + 1)])
    model.save(tmp_path / "b.keras")
    refused(tmp_path / "b.keras", "have its owner write it as a registered layer")


def test_a_command_refuses_it_with_code_2(capsys, tmp_path):
    path = tmp_path / "model.keras"
    keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x + 1)]).save(path)
    assert run("evaluate", [str(path), "--dataset", "digits"], "evaluate") == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {path} is refused: it needs a Lambda")
    assert error.count("\n") == 1


def test_functions_that_keras_and_the_user_have(tmp_path):
    @keras.saving.register_keras_serializable(package="mine")
    def mine(x):
        return x

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, activation=mine)])
    model.compile(
        "sgd", loss=keras.losses.mean_squared_error, metrics=[keras.metrics.binary_accuracy]
    )
    model.save(tmp_path / "x.keras")
    assert ras_keras.load_model(tmp_path / "x.keras").layers[0].activation is mine
    del keras.saving.get_custom_objects()["mine>mine"]
    refused(tmp_path / "x.keras", "a function that is not known, 'mine>mine'")


def changed(saved, path, class_name, **fields):
    """A copy in which the configs of a class say something else."""
    config = config_of(saved)
    for layer in config["config"]["layers"]:
        if layer["class_name"] == class_name:
            layer["config"] |= fields
    return rewritten(saved, path, config=json.dumps(config))


def test_enormous_images(saved, tmp_path):
    shape = [None, 10**6, 10**6, 3]
    path = changed(saved, tmp_path / "x.keras", "InputLayer", batch_shape=shape)
    refused(path, r"images or maps of shape \(None, 1000000, 1000000, 3\)")


def test_enormous_maps_whose_shape_is_not_said(tmp_path):
    path = tmp_path / "x.keras"
    keras.Sequential([keras.Input((4, 4, 3)), keras.layers.UpSampling2D(2)]).save(path)
    config = config_of(path)
    layer = config["config"]["layers"][1]
    layer["config"]["size"] = 4000
    del layer["build_config"]
    file = rewritten(path, tmp_path / "y.keras", config=json.dumps(config))
    refused(file, r"images or maps of shape \(None, 16000, 16000, 3\)")


@pytest.mark.parametrize("without", [(), ("connection",), ("connection", "shared")])
def test_more_applications_than_weights(saved, tmp_path, without):
    config = config_of(saved)
    for layer in config["config"]["layers"]:
        if layer["class_name"] == "RecurrentAttention":
            layer["config"]["k"] = 10**6
            for key in without:
                del layer["config"][key]
    file = rewritten(saved, tmp_path / "x.keras", config=json.dumps(config))
    refused(file, "asks for k=1000000")


@pytest.mark.parametrize(
    "names", ["[" * 100_000, '["\\ud800"]', '["\\u001b]0;x"]', '["a\\nb"]', "[1]", '{"a": 1}']
)
def test_class_names(saved, tmp_path, names):
    path = with_member(saved, tmp_path / "x.keras", "classes.json", names)
    with pytest.raises(UserError, match="its class names are no JSON list of names"):
        read_class_names(path)


def test_layers_larger_than_the_weights(tmp_path):
    """Their sizes are all in the file, but not together."""
    path, large = tmp_path / "x.keras", tmp_path / "large.keras"
    dense = keras.layers.Dense
    model = keras.Sequential([keras.Input((1,)), dense(60_000, use_bias=False), dense(1)])
    model.save(path)
    config = config_of(path)
    config["config"]["layers"][2]["config"]["units"] = 60_000
    refused(rewritten(path, large, config=json.dumps(config)), "have more than 2,008,584 numbers")
    variables = keras.Variable.__init__
    assert ras_keras.load_model(path).count_params() == 120_001
    assert keras.Variable.__init__ is variables


@pytest.mark.slow
def test_loads_at_the_same_time(saved):
    """Whichever ends first, Keras makes variables as before."""
    variables = keras.Variable.__init__
    with ThreadPoolExecutor(4) as threads:
        models = list(threads.map(ras_keras.load_model, [saved] * 8))
    assert keras.Variable.__init__ is variables
    assert len({model.count_params() for model in models}) == 1


def test_weights_of_other_shapes(saved, tmp_path):
    path = changed(saved, tmp_path / "x.keras", "Conv2D", kernel_size=[5, 5])
    refused(path, "Keras cannot rebuild this Functional")


def test_many_calls(saved, tmp_path):
    node = {"args": [{"class_name": "__keras_tensor__", "config": {}}], "kwargs": {}}
    layer = {"module": "keras.layers", "class_name": "ReLU", "inbound_nodes": [node] * 10_001}
    refused(with_layer(saved, tmp_path / "x.keras", layer), "calls layers more than 10,000 times")


def with_weights(saved, weights, path, change):
    stream = io.BytesIO(weights)
    with h5py.File(stream, "r+") as file:
        change(file)
    return rewritten(saved, path, model=stream.getvalue())


def soft_cycle(file):
    file["layers/again"] = h5py.SoftLink("/layers")


def external(file):
    file["layers/out"] = h5py.ExternalLink("/etc/passwd", "/")


def hard_cycle(file):
    file["layers/again"] = file["layers"]


def without_data(file):
    file.create_dataset("x", (2**20, 2**20), "float32")


def chunked(file):
    file.create_dataset("x", data=np.zeros((512, 512)), compression="gzip")


def virtual(file):
    layout = h5py.VirtualLayout((4,), "float32")
    layout[:] = h5py.VirtualSource("other.h5", "x", (4,))
    file.create_virtual_dataset("x", layout)


def outside(file):
    file.create_dataset("x", (4,), "float32", external=[("/etc/passwd", 0, 16)])


def text(file):
    file["x"] = "text"


def deep(file):
    file.create_group("a/" * 100)


def many(file):
    for i in range(20_000):
        file.create_group(f"many/{i}")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (soft_cycle, "a link elsewhere, 'again'"),
        (external, "a link elsewhere, 'out'"),
        (hard_cycle, "the same object twice, 'again'"),
        (without_data, "not in it as a whole, 'x'"),
        (chunked, "not in it as a whole, 'x'"),
        (virtual, "not in it as a whole, 'x'"),
        (outside, "not in it as a whole, 'x'"),
        (text, "no array of numbers, 'x'"),
        (deep, "groups 64 deep"),
        (many, "more than 20,000 objects"),
    ],
)
def test_weights(saved, weights, tmp_path, change, says):
    refused(with_weights(saved, weights, tmp_path / "x.keras", change), says)


def test_bfloat16_weights(tmp_path):
    keras.config.set_dtype_policy("bfloat16")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model.save(tmp_path / "x.keras")
    assert ras_keras.load_model(tmp_path / "x.keras").count_params() == 6


def test_large_files_take_time_once_and_no_memory(tmp_path):
    """100 MB of weights; a window on the file is read, not the file."""
    path = tmp_path / "x.keras"
    model = keras.Sequential([keras.Input((5_000,)), keras.layers.Dense(5_000)])
    model.save(path)
    assert path.stat().st_size > 10**8
    check_model_file(path)
    tracemalloc.start()
    began = time.process_time()
    check_model_file(path)
    seconds, (_, most) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds < 2
    assert most < 3e7


def test_a_sound_file_with_many_applications_is_told_why(tmp_path):
    """Keras takes it; ours says what is asked for, not that the file is damaged."""
    file = tmp_path / "k150.keras"
    ResNet(11, attention_config={"k": 150, "connection": None}).save(file)
    refused(file, "and at most 100 are loaded")
