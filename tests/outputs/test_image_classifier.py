"""Models of every form that Keras has, and what their probabilities are in numpy."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import ras_keras
from ras_keras.errors import UserError
from ras_keras.outputs import image_classifier
from ras_keras.outputs.made_images import made_images

SHAPE = (6, 6, 3)
IMAGES = made_images(SHAPE, 5)
BINARY_LOGITS = {"loss": keras.losses.BinaryCrossentropy(from_logits=True)}


def features(x):
    return layers.GlobalAveragePooling2D()(layers.Rescaling(1 / 255)(x))


def dense(units, activation=None, **settings):
    return layers.Dense(units, activation, kernel_initializer="random_normal", **settings)


def functional(*after, inputs=None):
    """A functional model of the mean colour and `after` it."""
    inputs = keras.Input(SHAPE) if inputs is None else inputs
    x = features(inputs)
    for each in after:
        x = each(x)
    return keras.Model(inputs, x)


def sequential(*after):
    return keras.Sequential(
        [keras.Input(SHAPE), layers.Rescaling(1 / 255), layers.GlobalAveragePooling2D(), *after]
    )


def nested(model, *after):
    inputs = keras.Input(SHAPE)
    x = model(inputs)
    for each in after:
        x = each(x)
    return keras.Model(inputs, x)


@keras.saving.register_keras_serializable("tests")
class Subclassed(keras.Model):
    def __init__(self, units, activation, **kwargs):
        super().__init__(**kwargs)
        self.units, self.activation = units, activation
        self.scale, self.pool = layers.Rescaling(1 / 255), layers.GlobalAveragePooling2D()
        self.classify = layers.Dense(units, activation)

    def call(self, x):
        return self.classify(self.pool(self.scale(x)))

    def get_config(self):
        return {**super().get_config(), "units": self.units, "activation": self.activation}


def subclassed(units, activation):
    model = Subclassed(units, activation)
    model(np.zeros((1, *SHAPE)))
    return model


def as_list():
    inputs = keras.Input(SHAPE)
    return keras.Model([inputs], [dense(3)(features(inputs))])


def as_dict():
    inputs = keras.Input(SHAPE, name="photo")
    return keras.Model({"photo": inputs}, {"logits": dense(3)(features(inputs))})


def mean_of_two():
    inputs = keras.Input(SHAPE)
    x = features(inputs)
    return keras.Model(inputs, layers.Average()([dense(3, "softmax")(x) for _ in range(2)]))


def softmax_maps():
    inputs = keras.Input(SHAPE)
    maps = layers.Conv2D(3, 1, activation="softmax")(layers.Rescaling(1 / 255)(inputs))
    return keras.Model(inputs, layers.GlobalAveragePooling2D()(maps))


def two_of_one():
    inputs = keras.Input(SHAPE)
    p = dense(1, "sigmoid")(features(inputs))
    return keras.Model(inputs, layers.Concatenate()([1 - p, p]))


def same(y):
    return y


def softmax(y):
    e = np.exp(y - y.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def sigmoid(y):
    return 1 / (1 + np.exp(-y))


def two(p):
    return np.concatenate([1 - p, p], axis=1)


def two_of_logit(z):
    return two(sigmoid(z))


# The model, what its numbers become, and whether they had to be looked at.
MODELS = {
    "sequential, softmax": (lambda: sequential(dense(3, "softmax")), same, False),
    "sequential, logits": (lambda: sequential(dense(3)), softmax, False),
    "sequential, softmax layer": (lambda: sequential(dense(3), layers.Softmax()), same, False),
    "functional, activation": (
        lambda: functional(dense(3), layers.Activation("softmax")),
        same,
        False,
    ),
    "an operation": (lambda: functional(dense(3), ops.softmax), same, False),
    "log-probabilities": (lambda: functional(dense(3, "log_softmax")), softmax, False),
    "behind it a cast": (
        lambda: functional(dense(3, "softmax"), lambda x: ops.cast(x, "float16")),
        same,
        False,
    ),
    "behind it a reshape": (
        lambda: functional(layers.Reshape((1, 3)), dense(3, "softmax"), layers.Flatten()),
        same,
        False,
    ),
    "behind it dropout": (
        lambda: functional(dense(3, "softmax"), layers.Dropout(0.5)),
        same,
        False,
    ),
    "nested, softmax": (lambda: nested(functional(dense(3, "softmax"))), same, False),
    "nested, logits": (lambda: nested(sequential(dense(3))), softmax, False),
    "nested twice, behind it": (
        lambda: nested(nested(functional(dense(3))), layers.Softmax(), layers.Identity()),
        same,
        False,
    ),
    "a head within": (
        lambda: functional(keras.Sequential([dense(4, "relu"), dense(3, "softmax")])),
        same,
        False,
    ),
    "a head that hands on": (
        lambda: functional(dense(3, "softmax"), keras.Sequential([layers.Flatten()])),
        same,
        False,
    ),
    "one sigmoid": (lambda: functional(dense(1, "sigmoid")), two, False),
    "one sigmoid, nested": (lambda: nested(sequential(dense(1, "sigmoid"))), two, False),
    "one sigmoid, an operation": (lambda: functional(dense(1), ops.sigmoid), two, False),
    "one logit": (lambda: compiled(functional(dense(1)), **BINARY_LOGITS), two_of_logit, False),
    "several sigmoids": (lambda: functional(dense(3, "sigmoid")), same, False),
    "several logits of sigmoids": (
        lambda: compiled(sequential(dense(3)), **BINARY_LOGITS),
        sigmoid,
        False,
    ),
    "a dict of one": (as_dict, softmax, False),
    "a list of one": (as_list, softmax, False),
    "batches of 4": (
        lambda: functional(dense(3), inputs=keras.Input(batch_shape=(4, *SHAPE))),
        softmax,
        False,
    ),
    "mean of two": (mean_of_two, same, False),
    "mean of maps": (softmax_maps, same, False),
    "two classes of one sigmoid": (two_of_one, same, True),
    "subclassed, softmax": (lambda: subclassed(3, "softmax"), same, True),
    "subclassed, logits": (lambda: compiled(subclassed(3, None), loss="mse"), softmax, True),
    "subclassed, one sigmoid": (lambda: subclassed(1, "sigmoid"), two, True),
    "subclassed, one logit": (
        lambda: compiled(subclassed(1, None), **BINARY_LOGITS),
        two_of_logit,
        False,
    ),
    "subclassed, several sigmoids": (lambda: subclassed(3, "sigmoid"), same, True),
}


def compiled(model, **settings):
    model.compile(**settings)
    return model


GIVEN = {"a dict of one": {"photo": IMAGES}, "a list of one": [IMAGES]}


def numbers_of(model, images):
    (numbers,) = keras.tree.flatten(model(images))
    return keras.ops.convert_to_numpy(numbers).astype("float32")


@pytest.mark.filterwarnings("ignore:Skipping variable loading")
@pytest.mark.parametrize("name", MODELS)
def test_probabilities(tmp_path, name):
    make, expected, looked = MODELS[name]
    make().save(tmp_path / "model.keras")
    model = ras_keras.load_model(tmp_path / "model.keras")
    classifier = image_classifier(model)
    found = numbers_of(classifier.model, IMAGES)
    numbers = numbers_of(model, GIVEN.get(name, IMAGES))
    assert np.ptp(numbers, axis=0).min() > 0, "the model must answer to its images"
    np.testing.assert_allclose(found, expected(numbers), atol=1e-6)
    assert classifier.classes == found.shape[1]
    assert any("does not say" in notice for notice in classifier.notices) == looked
    assert classifier.exclusive == (not name.endswith(("several sigmoids", "logits of sigmoids")))


def two_inputs():
    images, age = keras.Input(SHAPE, name="photo"), keras.Input((1,), name="age")
    return keras.Model([images, age], dense(3)(layers.Concatenate()([features(images), age])))


def two_outputs():
    images = keras.Input(SHAPE)
    x = features(images)
    return keras.Model(images, [dense(3, name="kind")(x), dense(2, name="colour")(x)])


def reshaped_to_4():
    return functional(
        lambda x: ops.reshape(x, (4, 3)), dense(3), inputs=keras.Input(batch_shape=(4, *SHAPE))
    )


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (two_inputs, "has 2 inputs, photo, age, where one is expected"),
        (two_outputs, "has 2 outputs, kind, colour, where one is expected"),
        (reshaped_to_4, "works on batches of 4 images alone"),
        (lambda: functional(dense(1)), "one number for an image, without a sigmoid"),
        (lambda: compiled(functional(dense(1)), loss="mse"), "one number for an image, without"),
        (lambda: functional(dense(1, "softmax")), "a softmax of one unit, which is always 1"),
        (lambda: functional(layers.Reshape((3, 1))), "returns (None, 3, 1) and not a number for"),
        (lambda: Subclassed(3, None), "call it on images once before it is saved"),
    ],
)
def test_what_is_no_classifier_of_images(make, says):
    with pytest.raises(UserError) as error:
        image_classifier(make())
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_functional_model_of_probabilities_is_itself():
    model = functional(dense(3, "softmax"))
    assert image_classifier(model).model is model


def test_another_axis_is_no_softmax_of_classes():
    model = functional(layers.Reshape((3, 1)), dense(4), layers.Softmax(axis=1), layers.Flatten())
    classifier = image_classifier(model)
    assert not classifier.exclusive
    assert "does not say what it returns" in classifier.notices[0]
