import json
import zipfile

import keras
import numpy as np
import pytest

import ras_keras
from ras_keras.errors import UserError
from ras_keras.models import ResNet


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "model.keras"
    ResNet(11).save(path)
    return path


def rewritten(saved, path, **members):
    """A copy in which some members (by stem) are replaced, or left out if None."""
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            content = members.get(name.partition(".")[0], source.read(name))
            if content is not None:
                target.writestr(name, content)
    return path


def config_of(saved):
    with zipfile.ZipFile(saved) as archive:
        return json.loads(archive.read("config.json"))


def refused(path, message, **arguments):
    with pytest.raises(UserError, match=message) as error:
        ras_keras.load_model(path, **arguments)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_loads(saved):
    model = ras_keras.load_model(saved)
    expected = keras.saving.load_model(saved)
    x = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3))
    np.testing.assert_array_equal(model.predict(x, verbose=0), expected.predict(x, verbose=0))


def test_missing_and_folders(tmp_path):
    refused(tmp_path / "none.keras", "no such file")
    refused(tmp_path, "is a folder")


def test_no_keras_file(tmp_path, saved):
    for name, content in {
        "empty": b"",
        "text": b"hello",
        "short": saved.read_bytes()[:9000],
    }.items():
        path = tmp_path / f"{name}.keras"
        path.write_bytes(content)
        refused(path, f"no Keras model or was cut short .{len(content):,} bytes")
    refused(rewritten(saved, tmp_path / "w.keras", model=None), "model.weights.h5 is not in it")


def test_damaged(tmp_path, saved):
    content = bytearray(saved.read_bytes())
    content[len(content) // 2] ^= 255
    path = tmp_path / "flipped.keras"
    path.write_bytes(content)
    refused(path, "is damaged")
    refused(rewritten(saved, tmp_path / "a.keras", config=b"{"), "config.json is no JSON")
    for i, config in enumerate((b"{}", b"[]", b"3", b'"x"')):
        bad = rewritten(saved, tmp_path / f"b{i}.keras", config=config)
        refused(bad, "config.json is no model")
    with zipfile.ZipFile(saved) as archive:
        weights = archive.read("model.weights.h5")
    cut = rewritten(saved, tmp_path / "c.keras", model=weights[: len(weights) // 2])
    refused(cut, "weights cannot be read")


def test_a_width_that_no_weight_has(tmp_path, saved):
    config = config_of(saved)
    for layer in config["config"]["layers"]:
        if layer["config"].get("units"):
            layer["config"]["units"] = 10**12
    path = rewritten(saved, tmp_path / "huge.keras", config=json.dumps(config))
    refused(path, "units=1000000000000 in 'predictions', and its weights are of other sizes")


def test_more_applications_than_the_weights_are_for(tmp_path, saved):
    config = config_of(saved)
    for layer in config["config"]["layers"]:
        if layer["class_name"] == "RecurrentAttention":
            layer["config"]["k"] = 30000
    path = rewritten(saved, tmp_path / "deep.keras", config=json.dumps(config))
    refused(path, "k=30000 in 'stage1_block1_attention'")


def test_a_class_that_was_never_registered(tmp_path):
    class Unknown(keras.layers.Layer):
        def call(self, x):
            return x

    path = tmp_path / "model.keras"
    keras.Sequential([keras.Input((3,)), Unknown()]).save(path)
    refused(path, "a class that is not known, 'Unknown'; import the module")
    assert ras_keras.load_model(path, custom_objects={"Unknown": Unknown}).layers


def test_a_layer_of_ones_own_may_have_units_without_weights(tmp_path):
    @keras.saving.register_keras_serializable(package="mine")
    class Repeat(keras.layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = units

        def call(self, x):
            return x

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    path = tmp_path / "mine.keras"
    keras.Sequential([keras.Input((2,)), Repeat(77)]).save(path)
    assert ras_keras.load_model(path).layers[0].units == 77


def test_unknown_layer(tmp_path):
    @keras.saving.register_keras_serializable(package="elsewhere")
    class Stranger(keras.layers.Layer):
        def call(self, x):
            return x

    path = tmp_path / "stranger.keras"
    keras.Sequential([keras.Input((2,)), Stranger()]).save(path)
    ras_keras.load_model(path)
    del keras.saving.get_custom_objects()["elsewhere>Stranger"]
    refused(path, "a class that is not known, 'elsewhere>Stranger'; import the module")
    ras_keras.load_model(path, custom_objects={"elsewhere>Stranger": Stranger})
