"""Which operand of an addition is its branch, read from the graph alone."""

from collections import Counter

import keras
import pytest
from keras import layers

import ras_keras
from ras_keras.models import PreResNet, ResNet, WideResNet
from tests.insertion.networks import application, block, nested, small
from tests.tiers import tiered

# Branches, and additions that are left out by why they are.
APPLICATIONS = {
    "ResNet50V2": (16, {}),
    "EfficientNetV2B0": (15, {}),
    "MobileNetV3Small": (6, {"it adds a constant": 9}),
    "MobileNetV2": (10, {}),
    "ConvNeXtTiny": (18, {}),
    "DenseNet121": (0, {}),
    "NASNetMobile": (
        56,
        {f"a tie, {each} layers with weights on both sides": 12 for each in (0, 4)},
    ),
}
QUICK = ("MobileNetV3Small",)


@pytest.mark.parametrize("name", tiered(APPLICATIONS, lambda name: name not in QUICK))
def test_keras_applications(name):
    branches, left_out = APPLICATIONS[name]
    model = application(name)
    weights = len(model.weights)
    found = ras_keras.find_residual_branches(model)
    assert sum(each.left_out is None for each in found) == branches
    assert Counter(each.left_out for each in found if each.left_out) == left_out
    assert len(model.weights) == weights


@pytest.mark.parametrize(
    ("make", "blocks"),
    [
        (lambda: ResNet(20, attention=None), 6),
        (lambda: ResNet(20, attention=None, block="basic"), 9),
        (lambda: PreResNet(20, attention=None), 6),
        (lambda: WideResNet(10, attention=None, widen_factor=1), 3),
    ],
)
def test_our_own_networks(make, blocks):
    found = ras_keras.find_residual_branches(make())
    assert [each.left_out for each in found] == [None] * blocks
    assert all(each.layers > each.shortcut_layers for each in found)


def test_the_side_with_more_layers_of_its_own():
    """One convolution beside two, whichever comes first; what both share does not count."""
    inputs = keras.Input((8, 8, 8))
    x = layers.Conv2D(8, 3, padding="same")(layers.Conv2D(8, 3, padding="same")(inputs))
    shortcut = layers.Conv2D(8, 1, name="projection")(x)
    for first in (True, False):
        y = layers.Conv2D(8, 1, name="one")(x)
        y = layers.Conv2D(8, 1, name="two")(y)
        operands = [shortcut, y] if first else [y, shortcut]
        model = keras.Model(inputs, layers.Add(name="sum")(operands))
        (found,) = ras_keras.find_residual_branches(model)
        assert (found.branch, found.layers, found.shortcut_layers) == ("two", 2, 1)
        assert str(found) == "sum (8x8x8): behind two, 2 layers with weights beside 1"


def test_a_branch_that_is_a_model():
    """Its layers count one by one."""
    inputs = keras.Input((8, 8, 8))
    branch = keras.Sequential([layers.Conv2D(8, 3, padding="same") for _ in range(3)], name="deep")
    shortcut = keras.Sequential([layers.Conv2D(8, 1), layers.BatchNormalization()], name="short")
    model = keras.Model(inputs, layers.Add()([branch(inputs), shortcut(inputs)]))
    (found,) = ras_keras.find_residual_branches(model)
    assert (found.branch, found.layers, found.shortcut_layers) == ("deep", 3, 2)


def left_out():
    x, other = keras.Input((8, 8, 8)), keras.Input((8, 8, 8))
    one = layers.Conv2D(8, 3, padding="same")
    convolved, narrow = one(x), layers.Conv2D(1, 3, padding="same")(x)
    vector = layers.GlobalAveragePooling2D()(x)
    yield "a tie", x, layers.Add()([convolved, layers.Conv2D(8, 1)(x)])
    yield "adds a constant", x, x + 3.0
    yield "unequal shape", x, layers.Add()([x, narrow])
    yield "no maps", x, layers.Add()([vector, layers.Dense(8)(vector)])
    yield "adds 3 tensors", x, layers.Add()([x, x, convolved])
    yield "nothing in common", [x, other], layers.Add()([convolved, other])


@pytest.mark.parametrize("why", [why for why, *_ in left_out()])
def test_left_out(why):
    inputs, outputs = next(rest for each, *rest in left_out() if each == why)
    (found,) = ras_keras.find_residual_branches(keras.Model(inputs, outputs))
    assert why in found.left_out and found.branch is None
    assert "left out" in str(found)


def test_models_within_a_model():
    names = [each.name for each in ras_keras.find_residual_branches(nested())]
    assert names == ["backbone/block1_add", "backbone/block2_add", "own_add"]


def test_a_scale_of_zero_is_seen():
    model = small()
    assert not any(each.starts_at_zero for each in ras_keras.find_residual_branches(model))
    inputs = keras.Input((8, 8, 8))
    y = layers.Conv2D(8, 3, padding="same")(inputs)
    y = layers.BatchNormalization(gamma_initializer="zeros")(y)
    y = layers.Dropout(0.1)(y)
    (found,) = ras_keras.find_residual_branches(keras.Model(inputs, inputs + y))
    assert found.starts_at_zero


def test_an_attention_is_no_scale():
    """gamma of a gate that starts at 0 scales what the gate sees."""
    for attention in ("ras", "gct"):
        made = ras_keras.add_attention(small(), attention)
        found = ras_keras.find_residual_branches(made)
        assert not any(each.starts_at_zero for each in found)


def test_refuses_what_has_no_graph():
    class Own(keras.Model):
        def call(self, x):
            return x

    for model in (Own(), layers.Dense(3), keras.Sequential([layers.Dense(3)])):
        with pytest.raises(ValueError, match="must be a functional or sequential Keras model"):
            ras_keras.find_residual_branches(model)


def test_a_block_of_operations():
    """What `+` adds is read as what an Add layer adds."""
    inputs = keras.Input((8, 8, 8))
    x = block(inputs, "block")
    x = x + layers.Conv2D(8, 1, name="last")(x)
    found = ras_keras.find_residual_branches(keras.Model(inputs, x))
    assert [each.branch for each in found] == ["block_conv2", "last"]
