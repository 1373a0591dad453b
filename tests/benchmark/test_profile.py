"""To which part of a network an operation belongs."""

import keras
import pytest

from ras_keras.backend.tensorflow_internals import TracedOperation
from ras_keras.benchmark.networks.profile import seconds_of_parts


@pytest.mark.parametrize(
    ("name", "kind", "place"),
    [
        ("net_1/first_2_conv_1/convolution", "_MklNativeConv2D", ("convolution", "forward")),
        ("first_2_conv/convolution", "Conv2D", ("convolution", "forward")),
        ("gradient_tape/net_1/bn_1/Grad", "FusedBatchNormGradV3", ("normalization", "backward")),
        ("net_1/block_attention_1/connection0/mul", "Mul", ("attention", "forward")),
        ("gradient_tape/net/block_attention/mul", "Mul", ("attention", "backward")),
        ("AddN_14", "AddN", ("addition", "backward")),
        ("coupled_sgd/mul_81", "Mul", ("weights", "update")),
        ("net_1/padding_1/Pad", "Pad", ("other layers", "forward")),
        ("compile_loss/crossentropy/Sum", "Sum", ("outside of layers", "forward")),
    ],
)
def test_an_operation_has_its_place(name, kind, place):
    x = inputs = keras.Input((4, 4, 3))
    x = keras.layers.Conv2D(3, 1, name="first_2_conv")(x)
    x = keras.layers.BatchNormalization(name="bn")(x)
    x = keras.layers.Identity(name="padding")(x)
    x = keras.layers.Identity(name="block_attention")(x)
    model = keras.Model(inputs, x, name="net")
    model.compile(optimizer=keras.optimizers.SGD(name="coupled_sgd"))
    found = seconds_of_parts(model, [TracedOperation(name, kind, 2.0)] * 2)
    assert found == {place: 4.0}
