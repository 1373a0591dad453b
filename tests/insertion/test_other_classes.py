"""A trained network for other classes."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from ras_keras.insertion.other_classes import for_other_classes
from ras_keras.layers import RecurrentAttention, SqueezeExcitation
from ras_keras.models import ResNet
from tests.insertion.networks import images, nested, small


def features(model, x, behind="average_pooling"):
    return ops.convert_to_numpy(keras.Model(model.input, model.get_layer(behind).output)(x))


def test_the_features_stay_and_the_classifier_starts_anew():
    model = ResNet(11, attention=None, classes=5)
    x = images()
    before = features(model, x)
    made = for_other_classes(model, 3, "ras")
    assert made.model.output_shape == (None, 3)
    np.testing.assert_allclose(features(made.model, x), before, atol=1e-5)
    added = [each for each in made.model.layers if isinstance(each, RecurrentAttention)]
    new = {id(each) for each in made.model.layers} - {id(each) for each in made.trained}
    assert new == {id(each) for each in (*added, made.model.get_layer("predictions"))}
    assert len(added) == 3
    np.testing.assert_allclose(ops.sum(made.model(x), axis=1), 1, rtol=1e-5)


def test_layers_of_a_model_within_are_told_apart():
    made = for_other_classes(nested(), 3, "se", {"reduction_ratio": 2})
    names = {each.name for each in made.trained}
    assert not any("attention" in name or name == "predictions" for name in names)
    assert any(isinstance(each, layers.Conv2D) for each in made.trained)
    assert not any(isinstance(each, keras.Model) for each in made.trained)


def test_layers_of_one_name_are_told_apart():
    """A model within has attention of its own, of the name that is free in the other one."""

    def inner(name, attended):
        x = keras.Input((8, 8, 8))
        y = layers.Conv2D(8, 3, padding="same", name="block_conv")(x)
        if attended:
            y = layers.Conv2D(8, 1, name="block_attention")(y)
        return keras.Model(x, layers.Add(name="block_add")([x, y]), name=name)

    x = keras.Input((8, 8, 8))
    y = inner("b", True)(inner("a", False)(x))
    made = for_other_classes(keras.Model(x, y), 3, "se", {"reduction_ratio": 2})
    assert not [each for each in made.trained if isinstance(each, SqueezeExcitation)]
    assert len(made.trained) == 7 + 1


def test_without_attention_the_layers_are_the_models():
    model = small()
    made = for_other_classes(model, 4)
    assert {id(each) for each in made.trained} <= {id(each) for each in model.layers}


@pytest.mark.parametrize("end", ["map", "vector", "logits", "softmax behind"])
def test_ends(end):
    x = keras.Input((8, 8, 3))
    y = layers.Conv2D(6, 3, name="conv")(x)
    if end != "map":
        y = layers.GlobalMaxPooling2D(name="pooled")(y)
    if end in ("logits", "softmax behind"):
        y = layers.Dense(7, name="old")(y)
    if end == "softmax behind":
        y = layers.Activation("softmax")(y)
    made = for_other_classes(keras.Model(x, y), 3).model
    assert made.output_shape == (None, 3)
    assert made.get_layer("predictions").kernel.shape == (6, 3)
    assert "old" not in [each.name for each in made.layers]


def two_outputs():
    x = keras.Input((8, 8, 3))
    return keras.Model(x, [layers.Flatten()(x), x])


def convolutional_classifier():
    x = keras.Input((8, 8, 3))
    y = layers.Flatten()(layers.Conv2D(5, 8, name="logits")(x))
    return keras.Model(x, layers.Activation("softmax")(y), name="net")


def named_as_the_classifier():
    x = keras.Input((8, 8, 3))
    y = layers.Dense(5, "relu", name="predictions")(layers.Flatten()(x))
    return keras.Model(x, y, name="net")


def sequences():
    x = keras.Input((8, 8, 3))
    return keras.Model(x, layers.Reshape((64, 3))(x), name="net")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (two_outputs, "has 1 inputs and 2 outputs"),
        (convolutional_classifier, "the classifier of net is no dense layer of its own"),
        (named_as_the_classifier, "net has a layer 'predictions' before its end"),
        (sequences, "save a model that returns classes, a vector or a map"),
    ],
)
def test_models_that_are_refused(make, says):
    with pytest.raises(ValueError, match=says):
        for_other_classes(make(), 3)
