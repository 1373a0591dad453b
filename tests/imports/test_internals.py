"""What Keras, TensorFlow and Ray do not publish: in one file each, and still there."""

import ast
import inspect
from importlib.metadata import version

import keras
import numpy as np
import pytest
from keras import layers, ops

import ras_keras
from ras_keras.backend import keras_graph, tensorflow_internals
from ras_keras.cluster import ray_internals
from tests.conftest import ROOT

PACKAGE = ROOT / "ras_keras"
# The one file for each library, and the one of the model files, which reads Keras's table of names.
FILES = {
    "backend/keras_graph.py",
    "backend/keras_variables.py",
    "backend/tensorflow_internals.py",
    "cluster/ray_internals.py",
    "saving/keras_symbols.py",
}
# Where a class of Keras's is made another one, by what it calls or replaces of its parent's.
OF_KERAS = {
    keras.layers.BatchNormalization: {"_moments", "_reduction_axes"},
    keras.optimizers.SGD: {"_get_variable_index"},
}
UNPUBLISHED = ("keras.src", "tensorflow.python", "tensorflow.lite.python", "keras_tuner.engine")
UNPUBLISHED += ("keras_tuner.src", "jax._src", "ray._private")
PUBLISHED_WITH_A_LINE = {"os._exit"}


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def trees():
    found = {}
    for file in PACKAGE.rglob("*.py"):
        name = file.relative_to(PACKAGE).as_posix()
        found[name] = ast.parse(file.read_text(encoding="utf-8"))
    assert len(found) > 150
    return found


def unpublished(tree):
    """What a program reads of other objects than `self`, and imports, that is not published."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            owner = ast.unparse(node.value)
            if owner not in ("self", "cls") and not owner.startswith("super("):
                found.append(ast.unparse(node))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{name}" for name in names]
            found += [
                name
                for name in names
                if any(f"{name}.".startswith(f"{each}.") for each in UNPUBLISHED)
            ]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "setattr"):
            name = getattr(node.args[1], "value", "")
            found += [name] if isinstance(name, str) and is_private(name) else []
    return [name for name in found if name not in PUBLISHED_WITH_A_LINE]


def test_nothing_unpublished_is_used_elsewhere():
    found = {name: unpublished(tree) for name, tree in trees().items()}
    assert {name: names for name, names in found.items() if names and name not in FILES} == {}
    assert {name for name in FILES if not found[name]} == set()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("model._nodes_by_depth", ["model._nodes_by_depth"]),
        ("self.model._layers", ["self.model._layers"]),
        ("from keras.src.ops import node", ["keras.src.ops.node"]),
        ("import tensorflow.python as p", ["tensorflow.python"]),
        ("from keras_tuner.engine.trial import Trial", ["keras_tuner.engine.trial.Trial"]),
        ("getattr(layer, '_build_shapes_dict', None)", ["_build_shapes_dict"]),
        ("self._own, super()._moments, x.__class__, os._exit(1), keras.ops.add", []),
        ("from tensorflow_datasets import load", []),
    ],
)
def test_what_is_seen(text, found):
    assert unpublished(ast.parse(text)) == found


@pytest.mark.parametrize(
    ("file", "library"),
    [
        ("backend/keras_graph.py", "keras"),
        ("backend/keras_variables.py", "keras"),
        ("backend/tensorflow_internals.py", "tensorflow"),
        ("cluster/ray_internals.py", "ray"),
        ("saving/keras_symbols.py", "keras"),
    ],
)
def test_each_file_names_the_version_it_was_seen_in(file, library):
    """A new minor version of the library wants a look at the names."""
    minor = ".".join(version(library).split(".")[:2])
    text = ast.get_docstring(ast.parse((PACKAGE / file).read_text(encoding="utf-8")))
    assert f"{library.lower()} {minor}" in text.lower()


def test_keras_has_what_is_read_of_a_graph():
    x = keras.Input((4,), name="x")
    layer = layers.Dense(4, name="dense")
    y = ops.softmax(layer(layer(x)))
    model = keras.Model(x, y)
    for name in ("_nodes_by_depth", "_run_through_graph", "_flatten_layers"):
        assert hasattr(model, name)
    operation, call, number = y._keras_history
    assert (type(operation).__name__, call, number) == ("Softmax", 0, 0)
    assert type(operation).__module__.startswith("keras.src.ops.")
    node = layer._inbound_nodes[0]
    for name in (
        "operation",
        "arguments",
        "input_tensors",
        "output_tensors",
        "is_input",
        "outputs",
    ):
        assert hasattr(node, name)
    assert node.arguments.args == (x,)
    assert isinstance(node.arguments.kwargs, dict)
    assert layer._build_shapes_dict == {"input_shape": (None, 4)}


def test_the_graph_is_read_as_it_was_made():
    x = keras.Input((4,))
    layer = layers.Dense(4)
    first = layer(x)
    second = layer(first)
    y = ops.softmax(second)
    inner = keras.Model(x, y)
    assert len(keras_graph.calls(layer)) == 2
    assert keras_graph.sources(y) == [second]
    assert keras_graph.sources(second) == [first]
    assert keras_graph.maker(first) is layer
    assert keras_graph.name_in_ops(keras_graph.maker(y)) == "Softmax"
    assert keras_graph.name_in_ops(layer) is None
    assert keras_graph.built_shape(layer) == (None, 4)
    assert layer in list(keras_graph.all_layers(keras.Sequential([inner])))
    z = keras.Input((4,))
    outer = keras.Model(z, inner(z))
    assert keras_graph.Place(outer.outputs[0]).origin()[0] is keras_graph.maker(y)
    flat = keras_graph.flattened(outer)
    assert layer in flat.layers
    assert len(keras_graph.Graph(flat).arguments(layer)) == 2
    image = np.ones((1, 4), "float32")
    np.testing.assert_allclose(flat([image]), inner(image), rtol=1e-6)


def names_of_parents(classes, files):
    """Private names that classes in files call of, or replace in, classes of another library."""
    found = set()
    for file in files:
        for tree in ast.walk(ast.parse((PACKAGE / file).read_text(encoding="utf-8"))):
            if not isinstance(tree, ast.ClassDef):
                continue
            named = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            named |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
            found |= {name for name in named if is_private(name)}
    # What a class of the package defines alone is its own affair.
    own = {"_fits_fused_kernel", "_move"}
    return found - own


def test_keras_has_what_is_changed_of_variables():
    variable = keras.Variable(1.0)
    assert variable._value is not None
    assert variable._layout is None


def test_keras_has_what_our_layers_and_optimizer_inherit():
    used = names_of_parents(OF_KERAS, ["layers/parts/batch_normalization.py", "optimizers.py"])
    assert used == set().union(*OF_KERAS.values())
    normalization = keras.layers.BatchNormalization()
    normalization.build((None, 4))
    for made in (normalization, keras.optimizers.SGD()):
        for name in OF_KERAS[type(made)]:
            assert hasattr(made, name), name
    assert ras_keras.layers.BatchNormalization._moments is not type(normalization)._moments


def test_nothing_of_keras_tuner_is_called_or_replaced_that_it_keeps_to_itself():
    from ras_keras.tuning.oracles import ALGORITHMS

    for oracle in ALGORITHMS.values():
        ours = [each for each in oracle.__mro__ if each.__module__.startswith("ras_keras.")]
        assert not [name for each in ours for name in vars(each) if is_private(name)]
    assert names_of_parents({}, ["tuning/oracles.py"]) == set()


def test_ray_has_the_switch_of_its_messages():
    pytest.importorskip("ray")
    from ray._private import worker

    assert worker._worker_logs_enabled is True
    with ray_internals.without_messages():
        assert worker._worker_logs_enabled is False
    assert worker._worker_logs_enabled is True
    source = inspect.getsource(worker.listen_error_messages)
    assert "print_to_stdstream(" in source
    assert "_worker_logs_enabled" in inspect.getsource(worker.print_worker_logs)


def test_tensorflow_has_its_registry_and_converters():
    tf = pytest.importorskip("tensorflow")
    from tensorflow.python.framework.ops import gradient_registry

    known = set(gradient_registry._registry)
    with tensorflow_internals.custom_gradients_released():

        @tf.custom_gradient
        def double(x):
            return 2 * x, lambda upstream: 2 * upstream

        traced = tf.function(double).get_concrete_function(tf.TensorSpec((1,)))
        assert any(
            name.startswith("CustomGradient-") for name in {*gradient_registry._registry} - known
        )
    assert set(gradient_registry._registry) == known
    assert traced is not None
    variable = tf.Variable([2.0])
    function = tf.function(lambda x: x * variable).get_concrete_function(tf.TensorSpec((1,)))
    constant = tensorflow_internals.with_constants(function)
    assert not constant.variables
    np.testing.assert_array_equal(constant(tf.constant([3.0]))[0], [6.0])
    from tensorflow.lite.python.convert import mlir_quantize

    assert "denylisted_nodes" in inspect.signature(mlir_quantize).parameters
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
    for name in tensorflow_internals.CALIBRATE_ONLY:
        assert hasattr(converter, name)
