"""Attention that is added to a network, without losing what it knows."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import ras_keras
from ras_keras.export.export import export
from ras_keras.gates import Gates
from ras_keras.inference.exported import open_exported
from ras_keras.layers import ATTENTION, RecurrentAttention
from ras_keras.models import PreResNet, ResNet, WideResNet
from tests.conformance.table import LAYERS
from tests.insertion.networks import application, images, nested, small
from tests.tiers import tiered

# The network, what `where` is, and how many layers are added.
NETWORKS = {
    "MobileNetV3Small": (lambda: application("MobileNetV3Small"), None, 6),
    "ResNet50V2": (lambda: application("ResNet50V2"), None, 16),
    "EfficientNetV2B0": (lambda: application("EfficientNetV2B0"), None, 15),
    "ConvNeXtTiny": (lambda: application("ConvNeXtTiny"), None, 18),
    "DenseNet121": (lambda: application("DenseNet121"), "conv*_block*_concat", 58),
    "resnet": (lambda: ResNet(11, attention=None, classes=5), None, 3),
    "preresnet": (lambda: PreResNet(11, attention=None, classes=5), None, 3),
    "wrn": (lambda: WideResNet(10, attention=None, widen_factor=1, classes=5), None, 3),
}
QUICK = ("resnet",)
# Deep ones that are built as others are.
LARGE = ("ResNet50V2", "ConvNeXtTiny", "DenseNet121")


def values(model):
    return {weight.path: ops.convert_to_numpy(weight) for weight in model.weights}


def added(model):
    return [layer for layer in model._flatten_layers() if isinstance(layer, RecurrentAttention)]


def numpy(tensor):
    return ops.convert_to_numpy(ops.cast(tensor, "float32"))


def random_images(count=2, size=8, channels=3):
    shape = (count, size, size, channels)
    return np.random.default_rng(0).normal(size=shape).astype("float32")


@pytest.mark.parametrize(
    "name", tiered(NETWORKS, lambda name: name not in QUICK, lambda name: name in LARGE)
)
def test_networks(name, tmp_path):
    """Equal at the start; one step changes the gates; saved, loaded and folded it is the same."""
    make, where, count = NETWORKS[name]
    model = make()
    before = values(model)
    made = ras_keras.add_attention(model, "ras", where=where, start="identity")
    assert len(added(made)) == count
    x = images()
    np.testing.assert_allclose(numpy(made(x)), numpy(model(x)), atol=1e-5)

    # Steps of one size, however small a gradient is: ConvNeXt's branches end in a scale of 1e-6.
    optimizer = keras.optimizers.Adam(1e-3, epsilon=1e-20)
    # Eagerly: compiling takes longer than all that is computed.
    made.compile(optimizer, "sparse_categorical_crossentropy", run_eagerly=True)
    gates = Gates(made).model
    start = [numpy(v) for v in gates(x)]
    made.train_on_batch(images(4), np.arange(4))
    moved = [np.abs(numpy(v) - then).max() for v, then in zip(gates(x), start, strict=True)]
    assert len(moved) == 2 * count and min(moved[1::2]) > 1e-6
    for path, value in values(model).items():
        np.testing.assert_array_equal(value, before[path], err_msg=path)

    trained = numpy(made(x))
    made.save(tmp_path / "made.keras")
    np.testing.assert_allclose(
        numpy(ras_keras.load_model(tmp_path / "made.keras")(x)), trained, atol=1e-6
    )
    np.testing.assert_allclose(numpy(ras_keras.fold(made)(x)), trained, atol=1e-5)


@pytest.mark.parametrize("row", LAYERS, ids=str)
def test_every_attention(row):
    """Those that can start as identity, shared by a stage or not; the others say why not."""
    model, x = small(), random_images()
    options = {"attention": row.name, "attention_config": row.first}
    if row.first.get("reduction_ratio", 4) > 4:
        options["attention_config"] = {**row.first, "reduction_ratio": 4}
    if row.name == "fca":
        options["attention_config"] = {"frequencies": 4, "reduction_ratio": 4}
    if row.starts_as_identity is not True:
        with pytest.raises(ValueError, match=f"`start` must .* {row.starts_as_identity}"):
            ras_keras.add_attention(model, start="identity", **options)
    else:
        made = ras_keras.add_attention(model, start="identity", **options)
        np.testing.assert_allclose(numpy(made(x)), numpy(model(x)), atol=1e-5)
        gates = [layer for layer in made.layers if "attention" in layer.name]
        before = [[numpy(weight) for weight in layer.trainable_weights] for layer in gates]
        made.compile(keras.optimizers.SGD(1.0), "mse", run_eagerly=True)
        made.train_on_batch(x, np.ones((2, 4), "float32"))
        for layer, old in zip(gates, before, strict=True):
            moved = zip(layer.trainable_weights, old, strict=True)
            assert max(np.abs(numpy(now) - then).max() for now, then in moved) > 1e-6
    published = ras_keras.add_attention(model, **options)
    assert np.abs(numpy(published(x)) - numpy(model(x))).max() > 1e-3 or row.name in ("gct", "gc")


APPLICATIONS = [name for name in NETWORKS if name[0].isupper()]


@pytest.mark.slow
@pytest.mark.parametrize("name", tiered(APPLICATIONS, large=lambda name: name != APPLICATIONS[0]))
def test_onnx(name, tmp_path):
    """`export` refuses a file that says something else than Keras."""
    make, where, _ = NETWORKS[name]
    made = ras_keras.add_attention(make(), "ras", where=where, start="identity")
    export(made, tmp_path / "made.onnx", "onnx", None)
    x = images()
    found = open_exported(tmp_path / "made.onnx", "onnx").predict(x)
    np.testing.assert_allclose(found, made.predict_on_batch(x), atol=1e-4)


def test_names_and_a_layer_for_each_branch():
    made = ras_keras.add_attention(small(3), "se", {"reduction_ratio": 2})
    names = [layer.name for layer in made.layers if "attention" in layer.name]
    assert names == ["block1_attention", "block2_attention", "block3_attention"]
    again = ras_keras.add_attention(made, "eca", {"kernel_size": 3})
    names = [layer.name for layer in again.layers if "attention" in layer.name]
    assert names[:2] == ["block1_attention", "block1_2_attention"]


def test_one_layer_for_a_run_of_equal_shape():
    """DIA's LSTM stands in all blocks of a stage, and its state goes along."""
    model = ResNet(20, attention=None, classes=5)
    made = ras_keras.add_attention(model, "dia", start="identity")
    names = [layer.name for layer in made.layers if "attention" in layer.name]
    assert names == ["stage1_attention", "stage2_attention", "stage3_attention"]
    np.testing.assert_allclose(numpy(made(images())), numpy(model(images())), atol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(policy):
    keras.config.set_dtype_policy(policy)
    model = small()
    keras.config.set_dtype_policy("float32")
    made = ras_keras.add_attention(model, "ras", start="identity")
    assert {layer.dtype_policy.name for layer in added(made)} == {policy}
    x = random_images()
    np.testing.assert_allclose(numpy(made(x)), numpy(model(x)), atol=1e-3)
    by_name = ras_keras.add_attention(model, "ras", where="block*_conv2")
    assert {layer.dtype_policy.name for layer in added(by_name)} == {policy}


def test_models_within_a_model(tmp_path):
    """A backbone that is called twice has its layers once."""
    model, x = nested(), random_images(channels=8)
    made = ras_keras.add_attention(model, "ras", start="identity")
    assert {layer.name for layer in added(made)} == {
        *("own_attention", "block1_attention", "block2_attention")
    }
    np.testing.assert_allclose(numpy(made(x)), numpy(model(x)), atol=1e-5)
    made.save(tmp_path / "made.keras")
    loaded = ras_keras.load_model(tmp_path / "made.keras")
    np.testing.assert_allclose(numpy(loaded(x)), numpy(made(x)), atol=1e-6)
    inside = ras_keras.add_attention(model, "ras", where="backbone/block2_conv1")
    assert [layer.name for layer in added(inside)] == ["block2_conv1_attention"]


def test_layers_that_are_called_several_times():
    """Each call of a layer that is named, or of an addition, gets its attention, and no other."""
    inputs = keras.Input((8, 8, 3))
    relu, x = layers.ReLU(name="relu"), inputs
    for i in range(3):
        x = relu(layers.Conv2D(4, 3, padding="same", name=f"conv{i}")(x))
    model = keras.Model(inputs, x)
    behind = {"conv*": ["conv0", "conv1", "conv2"], "relu": ["relu"] * 3}
    for where, expected in behind.items():
        found = added(ras_keras.add_attention(model, "ras", where=where))
        assert [each.input._keras_history.operation.name for each in found] == expected
    total, y = layers.Add(name="sum"), x
    for i in range(3):
        y = total([y, layers.Conv2D(4, 3, padding="same", name=f"branch{i}")(y)])
    found = added(ras_keras.add_attention(keras.Model(inputs, y), "ras"))
    assert [each.input._keras_history.operation.name for each in found] == [
        *("branch0", "branch1", "branch2")
    ]


def test_channels_first():
    inputs = keras.Input((4, 6, 5))
    y = layers.Conv2D(4, 3, padding="same", data_format="channels_first")(inputs)
    model = keras.Model(inputs, layers.Add()([inputs, layers.ReLU()(y)]))
    (layer,) = added(ras_keras.add_attention(model, "ras"))
    assert (layer.data_format, layer.gamma.shape) == ("channels_first", (4,))
    with pytest.raises(ValueError, match="must work on the model's channels, channels_first"):
        ras_keras.add_attention(model, RecurrentAttention)


def test_each_branch_has_its_own_precision():
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(8, 3, padding="same", name="one", dtype="mixed_float16")(inputs)
    x = layers.Conv2D(8, 3, padding="same", name="two", dtype="float32")(x)
    made = ras_keras.add_attention(keras.Model(inputs, x), "ras", where=["one", "two"])
    assert [each.dtype_policy.name for each in added(made)] == ["mixed_float16", "float32"]


def test_a_state_stays_in_its_tower():
    """Of two networks side by side neither sees what the other one reads."""
    inputs = [keras.Input((8, 8, 8)), keras.Input((8, 8, 8))]
    outputs = [small_branch(x, f"tower{i}") for i, x in enumerate(inputs)]
    made = ras_keras.add_attention(keras.Model(inputs, outputs), "dia")
    one, other = random_images(channels=8), 2 * random_images(channels=8)
    first = made([one, one])
    np.testing.assert_array_equal(numpy(made([one, other])[0]), numpy(first[0]))


def small_branch(x, name):
    for i in range(2):
        y = layers.Conv2D(8, 3, padding="same", name=f"{name}_conv{i}")(x)
        x = layers.Add(name=f"{name}_{i}_add")([x, y])
    return x


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("block1_conv*", ["block1_conv1_attention", "block1_conv2_attention"]),
        (["stem", "block2_bn"], ["stem_attention", "block2_bn_attention"]),
        (
            lambda layer: isinstance(layer, layers.BatchNormalization),
            ["block1_bn_attention", "block2_bn_attention"],
        ),
    ],
)
def test_where(where, names):
    made = ras_keras.add_attention(small(), "ras", where=where)
    assert [layer.name for layer in made.layers if "attention" in layer.name] == names


def test_what_a_callable_makes():
    made = ras_keras.add_attention(small(), lambda: RecurrentAttention(k=1), start="identity")
    assert [layer.k for layer in added(made)] == [1, 1]


def test_a_branch_that_ends_in_zero_is_said():
    inputs = keras.Input((8, 8, 8))
    y = layers.BatchNormalization(gamma_initializer="zeros", name="bn")(
        layers.Conv2D(8, 3, padding="same")(inputs)
    )
    model = keras.Model(inputs, layers.Add(name="sum")([inputs, y]))
    with pytest.warns(UserWarning, match="1 of 1 branches end in a scale of 0, sum first"):
        ras_keras.add_attention(model)


def test_a_layer_without_weights_may_have_no_config():
    inputs = keras.Input((8, 8, 8))
    y = layers.Lambda(lambda x: 2 * x)(layers.Conv2D(8, 3, padding="same")(inputs))
    model = keras.Model(inputs, layers.Add()([inputs, y]))
    assert len(added(ras_keras.add_attention(model))) == 1


class WithoutConfig(layers.Layer):
    def __init__(self, filters):
        super().__init__()
        self.convolution = layers.Conv2D(filters, 3, padding="same")

    def call(self, x):
        return self.convolution(x)


def without_config():
    inputs = keras.Input((8, 8, 8))
    return keras.Model(inputs, layers.Add()([inputs, WithoutConfig(8)(inputs)]))


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        (small, {"where": "conv9"}, r"`where` must name a layer of small; the nearest are block"),
        (small, {"where": []}, "`where` must name a layer"),
        (small, {"where": lambda layer: False}, "`where` must name a layer of small"),
        (small, {"where": "pooling"}, r"return a map .*; pooling returns \(None, 8\)"),
        (small, {"start": "zero"}, "`start` must be one of published, identity"),
        (small, {"attention": None}, "`attention` must be a layer to add"),
        (small, {"attention": "sse"}, "`attention` must be None, a callable or one of"),
        (
            small,
            {"attention": layers.ReLU, "start": "identity"},
            "`start` must be 'published': ReLU has no other start",
        ),
        (
            lambda: keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(4, 3)]),
            {},
            "`where` must name layers of a model without residual additions",
        ),
        (
            lambda: keras.Sequential([layers.Conv2D(4, 3)]),
            {"where": "*"},
            "must be a functional or sequential Keras model",
        ),
        (lambda: layers.Dense(3), {}, "must be a functional or sequential Keras model"),
        (without_config, {}, "cannot be built from its config: WithoutConfig"),
    ],
)
def test_refuses(make, options, message):
    with pytest.raises(ValueError, match=message):
        ras_keras.add_attention(make(), **options)


def test_a_sequential_model():
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(8, 3, name="one")])
    made = ras_keras.add_attention(model, "ras", where="one", start="identity")
    x = random_images()
    np.testing.assert_allclose(numpy(made(x)), numpy(model(x)), atol=1e-6)


def test_every_attention_is_in_the_table():
    assert {row.name for row in LAYERS} == {*ATTENTION}
