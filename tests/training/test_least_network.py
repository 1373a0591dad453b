"""Which attention needs batches of two images."""

import keras
import pytest

from ras_keras.errors import UserError
from ras_keras.layers.registry import register
from ras_keras.recipes import NetworkRecipe
from ras_keras.training import Recipe, check_recipe
from ras_keras.training.least_network import least_images, least_network


class NormalizingGate(keras.layers.Layer):
    """A user's own, which says nothing of what it does."""

    def build(self, shape):
        self.normalization = keras.layers.BatchNormalization()
        self.normalization.build((None, shape[-1]))

    def call(self, x, training=None):
        v = self.normalization(keras.ops.mean(x, axis=(1, 2)), training=training)
        return x * keras.ops.sigmoid(v)[:, None, None]


@pytest.fixture
def own():
    register("normalizing", NormalizingGate)
    return "normalizing"


@pytest.mark.parametrize(
    ("options", "least"),
    [
        ({}, 2),
        ({"attention": "ras:k=1,normalize_input=False"}, 1),
        ({"attention": "ras:connection=tanh"}, 1),
        ({"attention": "ras:connection=none"}, 1),
        ({"attention": "se"}, 1),
        ({"attention": "se", "k": 2}, 2),
        ({"attention": "spa:normalize_input=True"}, 2),
        ({"attention": "cbam"}, 1),
        ({"attention": "sem"}, 1),
        ({"attention": "dia"}, 1),
        ({"attention": "none"}, 1),
    ],
)
def test_batches_of_one(options, least):
    recipe = Recipe().replace(depth=11, batch_size=1, **options)
    assert least_images(least_network(recipe.network)) == least
    if least == 1:
        check_recipe(recipe)
        return
    with pytest.raises(UserError, match=r"batch_size=1 is too small .* give batch_size=2"):
        check_recipe(recipe)


def test_a_layer_of_the_users(own):
    assert least_images(least_network(NetworkRecipe(depth=11, attention=own))) == 2
