"""Layers, networks and folding need Keras and NumPy; the trainer's libraries are not loaded."""

import json

import keras
import numpy as np
import pytest

import ras_keras

# What Keras on JAX does not bring.
OTHERS = (
    *("tensorflow", "tensorflow_datasets", "keras_tuner", "sklearn", "matplotlib", "tyro"),
    *("tensorboard", "tqdm", "psutil", "filelock", "PIL", "torch", "onnx", "openvino"),
    *("pandas", "seaborn", "tabulate", "pyarrow"),
)
BLOCKED = f"""
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {OTHERS}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocked())
try:
    import tensorflow
except ModuleNotFoundError:
    pass
else:
    raise AssertionError("TensorFlow is there")
"""
NETWORK = """
import keras
import numpy as np

import ras_keras.layers
import ras_keras.models
from ras_keras.folding.folding import fold

file = sys.argv[1]
network = ras_keras.models.ResNet(11, attention="ras", attention_config={"k": 2})
network.compile(ras_keras.optimizers.CoupledSGD(0.1), "sparse_categorical_crossentropy")
images = np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 3)).astype("float32")
network.fit(images, np.arange(4), verbose=0)
network.save(file)
expected = network.predict_on_batch(images)
for load in (keras.saving.load_model, ras_keras.load_model):
    loaded = load(file)
    np.testing.assert_allclose(loaded.predict_on_batch(images), expected, atol=1e-6)
    assert type(loaded.optimizer) is ras_keras.optimizers.CoupledSGD
    assert int(loaded.optimizer.iterations) == 1
folded = fold(network)
np.testing.assert_allclose(folded.predict_on_batch(images), expected, atol=1e-4)
assert len(folded.layers) < len(network.layers)
folded.save(file)
np.testing.assert_allclose(ras_keras.load_model(file).predict_on_batch(images), expected, atol=1e-4)
"""
LOADED = """
import json

import keras

import ras_keras

model = keras.saving.load_model(sys.argv[1])
print(json.dumps([keras.backend.backend(), type(model.optimizer).__name__,
                  int(model.optimizer.iterations), float(model.optimizer.learning_rate)]))
"""


@pytest.fixture
def on_jax_alone(run_python):
    """Runs a program without TensorFlow and all that the trainer needs; returns what it prints."""

    def run(program, *arguments):
        pytest.importorskip("jax")
        done = run_python("-c", BLOCKED + program, *arguments, KERAS_BACKEND="jax")
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.slow
def test_a_network_is_built_trained_saved_loaded_and_folded(on_jax_alone, tmp_path):
    on_jax_alone(NETWORK, tmp_path / "x.keras")


@pytest.mark.slow
@pytest.mark.parametrize(
    "imported", ["ras_keras.layers", "ras_keras.models", "ras_keras.folding.folding"]
)
def test_each_import_works_alone(on_jax_alone, imported):
    on_jax_alone(f"import {imported}")


@pytest.mark.slow
def test_a_trained_model_of_tensorflow_loads_compiled(on_jax_alone, tmp_path):
    network = ras_keras.models.ResNet(11, attention="ras", input_shape=(8, 8, 3))
    optimizer = ras_keras.training.optimizer.CoupledSGD(0.25, average_decay=0.9)
    network.compile(optimizer, "sparse_categorical_crossentropy")
    network.run_eagerly = True
    network.fit(np.zeros((2, 8, 8, 3), "float32"), np.arange(2), verbose=0)
    network.save(tmp_path / "best.keras")
    found = json.loads(on_jax_alone(LOADED, tmp_path / "best.keras"))
    assert found == ["jax", "CoupledSGD", 1, 0.25]


def test_a_model_that_names_the_optimizers_former_module_loads(tmp_path):
    """As files of 0.4 do."""
    from tests.saving.test_loading import config_of, rewritten

    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    network.compile(ras_keras.optimizers.CoupledSGD(0.25), "mse")
    network.optimizer.build(network.trainable_variables)
    network.save(tmp_path / "x.keras")
    config = config_of(tmp_path / "x.keras")
    optimizer = config["compile_config"]["optimizer"]
    assert optimizer["module"] == "ras_keras.optimizers"
    optimizer["module"] = "ras_keras.training.optimizer"
    file = rewritten(tmp_path / "x.keras", tmp_path / "y.keras", config=json.dumps(config))
    for load in (ras_keras.load_model, keras.saving.load_model):
        assert type(load(file).optimizer) is ras_keras.optimizers.CoupledSGD


PUBLIC = (
    "ras_keras.load_model",
    "ras_keras.deep_graphs",
    "ras_keras.errors.UserError",
    "ras_keras.layers.register",
    "ras_keras.training.RunFolder",
    "ras_keras.training.gates.Gates",
    "ras_keras.Gates",
    "ras_keras.GradCam",
    "ras_keras.fold",
    "ras_keras.training.optimizer.CoupledSGD",
    "ras_keras.deploy.fold",
    "ras_keras.recipes.Recipe",
)


def test_public_names_need_one_import(run_python):
    program = "\n".join(("import ras_keras", *PUBLIC))
    done = run_python("-c", program)
    assert done.returncode == 0, done.stderr


def test_names_that_are_not_there():
    assert {*ras_keras.LAZY, "layers", "load_model"} <= {*dir(ras_keras)}
    with pytest.raises(AttributeError, match="module 'ras_keras' has no attribute 'trainig'"):
        _ = ras_keras.trainig
