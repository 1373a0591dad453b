"""What people save must load: networks of Keras, operations, preprocessing, code of one's own."""

import inspect

import keras
import numpy as np
import pytest
from keras import layers, ops
from keras.src.applications.convnext import ConvNeXt
from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

import ras_keras
from ras_keras.saving import archive, config
from tests.saving.test_loading import refused

APPLICATIONS = sorted(
    name
    for name, found in vars(keras.applications).items()
    if inspect.isfunction(found) and name[0].isupper()
)
# The others take minutes.
QUICK = ("MobileNetV3Small",)


def loaded(model, path, **arguments):
    model.save(path)
    again = ras_keras.load_model(path, **arguments)
    assert [weight.shape for weight in again.weights] == [weight.shape for weight in model.weights]
    return again


def same(model, path, inputs, **arguments):
    again = loaded(model, path, **arguments)
    expected = model.predict(inputs, verbose=0)
    np.testing.assert_array_equal(again.predict(inputs, verbose=0), expected)
    return again


@pytest.mark.parametrize(
    "name",
    [
        each if each in QUICK else pytest.param(each, marks=pytest.mark.large)
        for each in APPLICATIONS
    ],
)
def test_networks_of_keras(tmp_path, name):
    size = 96 if name in QUICK else None
    model = getattr(keras.applications, name)(
        weights=None, classes=3, input_shape=size and (size, size, 3)
    )
    loaded(model, tmp_path / "x.keras")


def test_layers_that_keras_keeps_to_itself(tmp_path):
    model = ConvNeXt(
        [1, 1, 1, 1], [4, 4, 8, 8], weights=None, input_shape=(32, 32, 3), classes=2, name="small"
    )
    x = keras.Input((4, 4, 2))
    scaled = keras.Model(x, CustomScaleLayer(0.5)([x, layers.Conv2D(2, 1)(x)]))
    loaded(model, tmp_path / "a.keras")
    same(scaled, tmp_path / "b.keras", np.ones((1, 4, 4, 2)))


def test_operations(tmp_path):
    x = keras.Input((4, 4, 3))
    y = ops.concatenate([ops.relu(x) * 2.0, ops.sqrt(ops.abs(x)), x[..., :1]], axis=-1)
    y = ops.where(y > 0.5, y, ops.mean(y, axis=(1, 2), keepdims=True))
    y = ops.add(y, np.arange(7.0, dtype="float32"))
    y = ops.image.resize(y, (8, 8))
    y = ops.reshape(ops.transpose(y, (0, 3, 1, 2)), (-1, 7 * 64))
    same(keras.Model(x, ops.softmax(y)), tmp_path / "x.keras", np.ones((2, 4, 4, 3)))


def test_preprocessing(tmp_path):
    normalization = layers.Normalization()
    normalization.adapt(np.random.default_rng(0).normal(size=(20, 8, 8, 3)))
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.RandomFlip("horizontal", seed=1),
            layers.RandomRotation(0.1, seed=2),
            layers.Resizing(6, 6),
            layers.CenterCrop(4, 4),
            layers.Rescaling(1 / 255, offset=-0.5),
            normalization,
            layers.Flatten(),
            layers.Dense(2, "softmax", kernel_regularizer="l2", kernel_constraint="max_norm"),
        ]
    )
    same(model, tmp_path / "a.keras", np.ones((2, 8, 8, 3)))
    words = keras.Input((), dtype="string")
    if keras.backend.backend() == "tensorflow":
        looked_up = layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")(words)
        loaded(keras.Model(words, looked_up), tmp_path / "b.keras")


def test_recurrent_and_attention_layers_in_wrappers(tmp_path):
    x = keras.Input((6, 4))
    y = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x)
    y = layers.TimeDistributed(keras.Sequential([layers.Dense(4, "gelu")]))(y)
    y = layers.MultiHeadAttention(2, 3)(y, y, use_causal_mask=True)
    y = layers.RNN(layers.StackedRNNCells([layers.GRUCell(3), layers.GRUCell(2)]))(y)
    same(keras.Model(x, y), tmp_path / "x.keras", np.ones((2, 6, 4)))


@pytest.mark.parametrize(
    ("optimizer", "loss", "metrics"),
    [
        ("adam", "sparse_categorical_crossentropy", ["accuracy"]),
        (
            keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(0.1, 10), use_ema=True),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            [keras.metrics.SparseTopKCategoricalAccuracy(2), keras.metrics.AUC()],
        ),
        (
            keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1, momentum=0.9)),
            {"out": keras.losses.mean_squared_error},
            {"out": [keras.metrics.binary_accuracy]},
        ),
    ],
    ids=["names", "objects", "functions"],
)
def test_compiled(tmp_path, optimizer, loss, metrics):
    x = keras.Input((2,))
    model = keras.Model(x, layers.Dense(3, "softmax", name="out")(x))
    model.compile(optimizer, loss, metrics)
    model.optimizer.build(model.trainable_variables)
    again = loaded(model, tmp_path / "x.keras")
    assert type(again.optimizer) is type(model.optimizer)
    assert again.compiled


@keras.saving.register_keras_serializable(package="mine")
def doubled(x):
    return 2 * x


@keras.saving.register_keras_serializable(package="mine")
class Applied(layers.Layer):
    """A layer with a function of one's own."""

    def __init__(self, function, **kwargs):
        super().__init__(**kwargs)
        self.function = function

    def call(self, x):
        return self.function(x)

    def get_config(self):
        function = keras.saving.serialize_keras_object(self.function)
        return {**super().get_config(), "function": function}

    @classmethod
    def from_config(cls, config):
        function = keras.saving.deserialize_keras_object(config.pop("function"))
        return cls(function, **config)


@keras.saving.register_keras_serializable(package="mine")
class Backbone(keras.Model):
    """A subclassed model that holds another one."""

    def __init__(self, width, **kwargs):
        super().__init__(**kwargs)
        self.width = width
        self.dense = layers.Dense(width)

    def call(self, x):
        return self.dense(x)

    def get_config(self):
        return {**super().get_config(), "width": self.width}


def test_code_of_ones_own(tmp_path):
    inner = keras.Sequential([keras.Input((2,)), Applied(doubled), layers.Dense(2, doubled)])
    x = keras.Input((2,))
    model = keras.Model(x, Backbone(3)(inner(Applied(keras.activations.gelu)(inner(x)))))
    same(model, tmp_path / "x.keras", np.ones((1, 2)))


def tripled(x):
    return 3 * x


def test_functions_that_are_passed(tmp_path):
    model = keras.Sequential([keras.Input((2,)), layers.Dense(2, tripled), Applied(tripled)])
    model.save(tmp_path / "x.keras")
    refused(tmp_path / "x.keras", "a function that is not known, 'tripled'")
    given = {"custom_objects": {"tripled": tripled}}
    same(model, tmp_path / "y.keras", np.ones((1, 2)), **given)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="maps of functions alike")
def test_operations_that_take_functions(tmp_path):
    x = keras.Input((4, 2))
    model = keras.Model(x, ops.map(doubled, x))
    same(model, tmp_path / "x.keras", np.ones((1, 4, 2)))


@pytest.mark.filterwarnings("ignore:Layer InputLayer does not have a `quantize` method")
def test_quantized_and_half_precision(tmp_path):
    model = keras.Sequential([keras.Input((8,)), layers.Dense(4, dtype="mixed_bfloat16")])
    loaded(model, tmp_path / "a.keras")
    model = keras.Sequential([keras.Input((8,)), layers.Dense(4)])
    model.quantize("int8")
    loaded(model, tmp_path / "b.keras")


def test_seeds_that_are_objects(tmp_path):
    kernel = keras.initializers.HeNormal(seed=keras.random.SeedGenerator(1))
    model = keras.Sequential([keras.Input((8,)), layers.Dense(4, kernel_initializer=kernel)])
    same(model, tmp_path / "x.keras", np.ones((1, 8)))


@keras.saving.register_keras_serializable(package="mine")
class Configured(layers.Layer):
    """A layer whose arguments look like an object and are none."""

    def __init__(self, settings, **kwargs):
        super().__init__(**kwargs)
        self.settings = settings

    def call(self, x):
        return x

    def get_config(self):
        return {**super().get_config(), "settings": dict(self.settings)}


def test_arguments_that_look_like_an_object(tmp_path):
    def model(name):
        settings = {"class_name": name, "config": {"a": 1}}
        return keras.Sequential([keras.Input((2,)), Configured(settings)])

    again = loaded(model("MyThing"), tmp_path / "x.keras")
    assert again.layers[0].settings["class_name"] == "MyThing"
    # A layer's own reading could make layers of these.
    for name, says in {"Dense": "says no module", "Lambda": "it needs a Lambda"}.items():
        model(name).save(tmp_path / f"{name}.keras")
        refused(tmp_path / f"{name}.keras", says)


@pytest.mark.filterwarnings("ignore:You are saving a model that has not yet been built")
def test_never_built(tmp_path):
    model = keras.Sequential([layers.Dense(5), layers.Dropout(0.5, seed=1), layers.Dense(3)])
    model.compile("sgd", "mse")
    model.save(tmp_path / "x.keras")
    assert ras_keras.load_model(tmp_path / "x.keras")(np.ones((1, 2))).shape == (1, 3)


def test_matrices_in_the_configuration(tmp_path, monkeypatch):
    kernel = keras.initializers.Constant(np.ones((100, 60)))
    words = keras.Input((5,), dtype="int32")
    path = tmp_path / "x.keras"
    keras.Model(words, layers.Embedding(100, 60, embeddings_initializer=kernel)(words)).save(path)
    assert ras_keras.load_model(path)
    monkeypatch.setattr(config, "MOST_NUMBERS", 5999)
    refused(path, "have more than 5,999 numbers; numbers belong in the weights")
    monkeypatch.setattr(archive, "LARGEST_JSON", 10_000)
    refused(path, "'config.json' has .* are the most; arrays, such as the matrix of an embedding")
