"""Where the gates of a network are found."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from ras_keras.gates.gates import Gates
from ras_keras.layers import ChannelScale, RecurrentAttention
from ras_keras.models import ResNet
from ras_keras.training.callbacks import GateSpread

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3)).astype("uint8")


def backbone(**arguments):
    return ResNet(11, include_top=False, input_shape=(16, 16, 3), **arguments)


def test_calls_in_other_models_are_ignored():
    model = ResNet(11, input_shape=(16, 16, 3), attention_config={"gamma_initializer": 0.5})
    before = Gates(model)
    model.get_layer("stage1_block1_attention")(keras.Input((8, 8, 64)))
    after = Gates(model)
    assert [place.layer for place in after.places] == [place.layer for place in before.places]
    for found, expected in zip(after(IMAGES), before(IMAGES), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_nested_twice():
    body = backbone(attention_config={"gamma_initializer": 0.5})
    inputs = keras.Input((16, 16, 3))
    middle = keras.Model(inputs, layers.GlobalAveragePooling2D()(body(inputs)), name="middle")
    outer = keras.Sequential([keras.Input((16, 16, 3)), middle, layers.Dense(3, "softmax")])
    gates, alone = Gates(outer), Gates(body)
    assert [place.layer for place in gates.places] == [
        f"middle/resnet11/stage{i}_block1_attention" for i in (1, 2, 3)
    ]
    assert gates.places[0].title == "middle/resnet11, stage 1, block 1"
    for found, expected in zip(gates(IMAGES), alone(IMAGES), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_backbone_that_is_called_twice():
    body = backbone(attention_config={"gamma_initializer": 0.5})
    inputs = keras.Input((16, 16, 3))
    flipped = layers.Lambda(lambda x: x[:, ::-1], output_shape=(16, 16, 3))(inputs)
    both = layers.Add()([body(inputs), body(flipped)])
    gates = Gates(keras.Model(inputs, layers.GlobalAveragePooling2D()(both)))
    titles = [place.title for place in gates.places]
    assert len({*titles}) == len(titles) == 6
    assert titles[3] == "resnet11:2, stage 1, block 1"
    values, alone = gates(IMAGES), Gates(body)
    for found, expected in zip(values[3:], alone(IMAGES[:, ::-1]), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5)


class Own(layers.Layer):
    def call(self, x):
        return x * self.gate(x)[:, None, None]

    def gate(self, x):
        return ops.sigmoid(ops.mean(x, axis=(1, 2)))


class DenseCalledGate(layers.Layer):
    def build(self, shape):
        self.gate = layers.Dense(shape[-1])

    def call(self, x):
        return x * self.gate(x)


class GateOfPlaces(Own):
    def call(self, x):
        return x * self.gate(x)

    def gate(self, x):
        return ops.sigmoid(ops.mean(x, axis=-1, keepdims=True))


class OtherSignature(Own):
    def call(self, x):
        return x

    def gate(self, x, temperature):
        return x / temperature


class Raising(Own):
    def call(self, x):
        return x

    def gate(self, x):
        raise RuntimeError("not today")


@pytest.mark.parametrize(
    ("cls", "found"),
    [(Own, 1), (DenseCalledGate, 0), (GateOfPlaces, 0), (OtherSignature, 0), (Raising, 0)],
)
def test_layers_of_the_users(cls, found):
    inputs = keras.Input((16, 16, 3))
    gates = Gates(keras.Model(inputs, cls(name="own")(inputs)))
    assert [place.title for place in gates.places] == ["own"] * found
    for v in gates(IMAGES):
        assert v.shape == (4, 3)


@pytest.mark.parametrize(
    ("start", "said"),
    [(0.0, "the attention ras:gamma_initializer=0.1 starts off the saddle"), (0.5, "")],
)
def test_dead_gates_are_said_once(start, said, capsys):
    inputs = keras.Input((16, 16, 3))
    gated = RecurrentAttention(k=2, gamma_initializer=start)(inputs / 255)
    callback = GateSpread()
    callback.set_model(keras.Model(inputs, gated))
    callback.set_images(IMAGES)
    callback.on_train_begin()
    for epoch in range(2):
        callback.on_epoch_end(epoch, {})
    output = capsys.readouterr().out
    assert output.count("notice   no attention") == bool(said) and said in output


def test_a_constant_by_design_is_no_dead_gate(capsys):
    inputs = keras.Input((16, 16, 3))
    callback = GateSpread()
    callback.set_model(keras.Model(inputs, ChannelScale()(inputs)))
    callback.set_images(IMAGES)
    callback.on_train_begin()
    logs = {}
    callback.on_epoch_end(0, logs)
    assert logs["gate_spread"] == 0
    assert "no attention" not in capsys.readouterr().out
