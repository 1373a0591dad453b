"""Networks at ImageNet size: pyramids, sizes, what they are compared with, what they refuse."""

from functools import partial

import keras
import numpy as np
import pytest
from keras import layers, ops

from ras_keras.models import (
    ImageNetResidualAttention,
    ImageNetResNet,
    MobileNetV2,
    ResNet18,
    ResNet50,
    RLAMobileNetV2,
    RLAResNet50,
    RLAXception,
    Xception,
)
from tests.conformance.fixed_weights import fixed_images
from tests.conformance.subjects import fill, outputs

slow = pytest.mark.slow
# Network, its arguments, and the channels of its maps at strides 4 to 32 and of the last one.
PYRAMIDS = [
    (ResNet18, {"aggregation": "rla"}, (64, 128, 256, 512), 512 + 32),
    pytest.param(RLAResNet50, {}, (256, 512, 1024, 2048), 2048 + 32, marks=slow),
    (RLAMobileNetV2, {}, (24, 32, 96, 320), 1280),
    pytest.param(RLAXception, {}, (128, 256, 728, 1024), 2048 + 32, marks=slow),
    pytest.param(ImageNetResidualAttention, {}, (256, 512, 1024, 2048), 2048, marks=slow),
]


@pytest.mark.parametrize(("network", "arguments", "channels", "last"), PYRAMIDS)
def test_without_the_top(network, arguments, channels, last):
    """At 75x97 pixels, odd at every stage."""
    given = {"input_shape": (75, 97, 3), "include_top": False, **arguments}
    features = network(features_only=True, **given)
    assert [*features.output] == ["P2", "P3", "P4", "P5"]
    shapes = [each.shape for each in features.output.values()]
    assert [shape[3] for shape in shapes] == [*channels]
    assert not any("final" in layer.name or "last" in layer.name for layer in features.layers)
    assert network(**given).output_shape == (None, *shapes[-1][1:3], last)
    # The stem of Xception has no padding: 75 rows are 37 and 35 behind it.
    height, width = (70, 90) if network is RLAXception else (75, 97)
    assert [shape[1:3] for shape in shapes] == [
        (-(-height // stride), -(-width // stride)) for stride in (4, 8, 16, 32)
    ]


STARTS = [
    (ResNet18, {"aggregation": "rla"}),
    pytest.param(ResNet18, {}, marks=slow),
    (MobileNetV2, {"aggregation": "rla"}),
    pytest.param(MobileNetV2, {}, marks=slow),
    pytest.param(Xception, {"aggregation": "rla"}, marks=slow),
    pytest.param(Xception, {}, marks=pytest.mark.large),
    pytest.param(ImageNetResidualAttention, {}, marks=pytest.mark.large),
]


@pytest.mark.parametrize(("network", "arguments"), STARTS)
def test_a_pyramid_starts_from_a_classifier_and_from_a_pyramid(network, arguments, tmp_path):
    given = {"input_shape": (32, 32, 3), **arguments}
    classifier = network(classes=3, **given)
    fill(classifier)
    expected = {each.path: np.array(each) for each in classifier.variables}
    features = partial(network, include_top=False, features_only=True, **given)
    saved = classifier
    for file in (tmp_path / "classifier.keras", tmp_path / "pyramid.weights.h5"):
        (saved.save_weights if file.suffix == ".h5" else saved.save)(file)
        saved = features(weights=file)
        assert not any("final" in layer.name or "last" in layer.name for layer in saved.layers)
        assert len(saved.variables) > 50
        for each in saved.variables:
            np.testing.assert_array_equal(each, expected[each.path], err_msg=each.path)


def test_a_pyramid_says_what_keeps_it_from_starting(tmp_path):
    """Not that it has no end."""
    file = tmp_path / "plain.keras"
    given = {"input_shape": (32, 32, 3), "include_top": False}
    MobileNetV2(**given).save(file)
    with pytest.raises(ValueError, match="the network has 'stage7_block1_attention"):
        MobileNetV2("se", attention_stages=(7,), features_only=True, weights=file, **given)


@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_pooling(pooling):
    model = MobileNetV2(include_top=False, pooling=pooling, input_shape=(None, None, 3))
    assert outputs(model, fixed_images((2, 33, 47, 3))).shape == (2, 1280)


def test_defaults_of_keras_applications():
    model = ResNet18()
    assert (model.name, model.input_shape, model.output_shape) == (
        "resnet18",
        (None, 224, 224, 3),
        (None, 1000),
    )
    assert not any(
        "attention" in layer.name or "aggregation" in layer.name for layer in model.layers
    )
    normalized = model.get_layer("normalization")(np.full((1, 8, 8, 3), 255, "uint8"))
    expected = (1 - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])
    np.testing.assert_allclose(ops.convert_to_numpy(normalized)[0, 0, 0], expected, rtol=1e-5)


def test_the_stem_pools_with_a_pixel_on_every_side():
    """Not as Keras's "same", which adds the last row and column alone."""
    model = ResNet18(input_shape=(16, 16, 3))
    x = np.arange(64, dtype="float32").reshape(1, 8, 8, 1) * np.ones((1, 1, 1, 64), "float32")
    padded = model.get_layer("stem_pooling_padding")(x)
    y = ops.convert_to_numpy(model.get_layer("stem_pooling")(padded))[0, :, :, 0]
    ends = np.array([1, 3, 5, 7])
    np.testing.assert_array_equal(y, 8 * ends[:, None] + ends)


@slow
def test_zero_init_is_that_of_the_released_networks():
    """The last normalization of each branch; the plain networks start from ones."""
    for network, start in ((RLAResNet50, 0), (ResNet50, 1)):
        model = network(input_shape=(32, 32, 3))
        for stage, count in enumerate((3, 4, 6, 3), start=1):
            for block in range(1, count + 1):
                gamma = model.get_layer(f"stage{stage}_block{block}_3_bn").gamma
                np.testing.assert_array_equal(ops.convert_to_numpy(gamma), start)


def test_attention_of_mobilenet():
    """ECA has a kernel of size 1 below 96 channels, else 3, or the size that is asked for."""
    for config, sizes in ((None, {1, 3}), ({"kernel_size": 5}, {5})):
        model = MobileNetV2("eca", config, input_shape=(32, 32, 3))
        found = [layer for layer in model.layers if layer.name.endswith("_attention")]
        assert len(found) == 17
        assert {layer.get_config()["kernel_size"] for layer in found} == sizes
    assert model.get_layer("dropout").rate == 0.2


@slow
def test_half_precision():
    exact = MobileNetV2(input_shape=(64, 64, 3), classes=10)
    fill(exact)
    images = fixed_images((2, 64, 64, 3))
    expected = exact.predict_on_batch(images)
    keras.config.set_dtype_policy("mixed_float16")
    half = MobileNetV2(input_shape=(64, 64, 3), classes=10)
    fill(half)
    assert half.output.dtype == "float32"
    found = half.predict_on_batch(images)
    np.testing.assert_allclose(found, expected, atol=0.01)


@slow
def test_xception_is_that_of_keras():
    """With its weights; its epsilon of 1e-3 goes into the variances."""
    given = {"input_shape": (75, 97, 3), "classes": 10, "classifier_activation": None}
    theirs = keras.applications.Xception(weights=None, **given)
    fill(theirs)
    ours = Xception(**given)
    for layer in theirs.layers:
        if not layer.weights:
            continue
        target = ours.get_layer(name_of(layer, theirs))
        values = layer.get_weights()
        if isinstance(layer, layers.BatchNormalization):
            values[3] = values[3] + layer.epsilon - target.epsilon
        target.set_weights(values)
    images = fixed_images((2, 75, 97, 3))
    expected = theirs.predict_on_batch(keras.applications.xception.preprocess_input(1.0 * images))
    size = np.abs(expected).max()
    assert np.ptp(expected, axis=0).max() > 0.01 * size
    np.testing.assert_allclose(ours.predict_on_batch(images), expected, rtol=0, atol=1e-5 * size)


def name_of(layer, model):
    """Our name of a layer of keras.applications.Xception."""
    kind = "bn" if isinstance(layer, layers.BatchNormalization) else "conv"
    if layer.name == "predictions":
        return layer.name
    if not layer.name.startswith("block"):  # the shortcuts have numbers of the process
        unnamed = [
            each
            for each in model.layers
            if type(each) is type(layer) and not each.name.startswith("block")
        ]
        stage = (1, 2, 3, 5)[unnamed.index(layer)]
        return f"stage{stage}_block1_shortcut_{kind}"
    block, which, *_ = layer.name.split("_")
    number, i = int(block.removeprefix("block")), int(which[-1])
    if number == 1:
        return f"stem_{i}_{kind}"
    if number == 14:
        return f"last_{(1536, 2048)[i - 1]}_{kind}"
    stage = number - 1 if number < 5 else 4 if number < 13 else 5
    inner = number - 4 if stage == 4 else 1
    return f"stage{stage}_block{inner}_{i}_{kind}"


@pytest.mark.parametrize(
    ("network", "arguments", "says"),
    [
        (ImageNetResNet, {"depth": 36}, "18, 34, 50, .*the nearest is 34. Received: depth=36"),
        (ImageNetResNet, {"depth": "50"}, "`depth` must be one of 18, .* Received: depth='50'"),
        (
            ImageNetResNet,
            {"depth": 18, "cardinality": 32},
            "`depth` must be one of 50, 101, 152 unless",
        ),
        (ImageNetResNet, {"cardinality": 0}, "`cardinality` must be an integer >= 1"),
        (ImageNetResNet, {"attention_stages": (5,)}, r"one or several of \(1, 2, 3, 4\)"),
        (MobileNetV2, {"attention_stages": (8,)}, r"of \(1, 2, 3, 4, 5, 6, 7\)"),
        (MobileNetV2, {"dropout": 1.0}, "dropout"),
        (Xception, {"dropout": -0.1}, "`dropout` must be in"),
        (Xception, {"features_only": True}, "give `include_top=False`"),
        (ResNet50, {"features_only": True, "include_top": False, "pooling": "avg"}, "pooling=None"),
        (RLAMobileNetV2, {"aggregation_config": {"channels": 0}}, "Received: channels=0"),
    ],
)
def test_refuses(network, arguments, says):
    with pytest.raises(ValueError, match=says) as refusal:
        network(**arguments)
    assert "\n" not in str(refusal.value)
