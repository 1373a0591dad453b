"""Aggregation as a plug, and recurrent layer aggregation in it."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from ras_keras.models import (
    MODELS,
    Aggregation,
    PreResNet,
    RecurrentLayerAggregation,
    ResNet,
    RLAMobileNetV2,
)
from tests.conformance.fixed_weights import fixed_images
from tests.conformance.subjects import fill, outputs


def rla(**options):
    """A small network with this aggregation and fixed weights."""
    channels = {"channels": 4} | options
    model = ResNet(11, None, aggregation="rla", aggregation_config=channels)
    fill(model)
    return model


def answer(model):
    return model.predict_on_batch(fixed_images((2, 32, 32, 3)))


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_network_with_a_cell_trains_compiled(cell):
    model = ResNet(11, aggregation="rla", aggregation_config={"cell": cell, "channels": 4})
    model.compile(keras.optimizers.SGD(0.01), "sparse_categorical_crossentropy")
    x, y = fixed_images((8, 32, 32, 3)), np.arange(8)
    losses = [float(model.train_on_batch(x, y)) for _ in range(4)]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("variant", ["v3", "v4"])
def test_a_mobile_network_takes_variants_of_the_output(variant):
    config = {"variant": variant, "channels": 4}
    model = RLAMobileNetV2(input_shape=(32, 32, 3), aggregation_config=config)
    assert model.output_shape == (None, 1000)


@pytest.mark.parametrize(
    ("network", "config", "says"),
    [
        (RLAMobileNetV2, {"variant": "v5"}, "`variant` must be one of released, v1,.*v5"),
        (rla, {"cell": "gru", "depthwise": True}, "`depthwise` must be False for the cell gru"),
        (rla, {"head_only": 1}, "`head_only` must be True or False"),
    ],
)
def test_what_does_not_fit(network, config, says):
    with pytest.raises(ValueError, match=says):
        network(aggregation_config=config) if network is RLAMobileNetV2 else network(**config)


def test_variants_that_are_the_same():
    """As released, y is the block's output: "released" is "v3" and "v2" is "v4"."""
    answers = {name: answer(rla(variant=name)) for name in ("released", "v3", "v2", "v4", "v1")}
    np.testing.assert_array_equal(answers["released"], answers["v3"])
    np.testing.assert_array_equal(answers["v2"], answers["v4"])
    for one, other in (("released", "v2"), ("released", "v1")):
        assert np.abs(answers[one] - answers[other]).max() > 1e-3


def test_where_y_comes_from():
    """The block's output where the released code aliased it, the branch where it did not."""
    released = {"stage": "output", "none": "branch", "network": "output"}
    for shared, source in released.items():
        assert RecurrentLayerAggregation(shared=shared).source == source
    assert RecurrentLayerAggregation(update_from="branch").source == "branch"
    assert RecurrentLayerAggregation(variant="v6").source == "shortcut"
    output, branch = answer(rla()), answer(rla(update_from="branch"))
    assert np.abs(output - branch).max() > 1e-3


def convolutions(model, what):
    return sorted(
        layer.name for layer in model.layers if layer.name.endswith(f"aggregation_{what}")
    )


def test_what_is_shared():
    def network(**options):
        return ResNet(20, None, aggregation="rla", aggregation_config={"channels": 4, **options})

    stages = [f"stage{s}_aggregation" for s in (1, 2, 3)]
    blocks = [f"stage{s}_block{b}_aggregation" for s in (1, 2, 3) for b in (1, 2)]
    shared, unshared = network(), network(shared="none")
    for model, owners in ((shared, stages), (unshared, blocks)):
        for what in ("out", "recurrent"):
            assert convolutions(model, what) == [f"{owner}_{what}" for owner in owners]
        assert convolutions(model, "bn") == sorted(
            [f"{block}_bn" for block in blocks] + ["final_aggregation_bn"]
        )
    once = RLAMobileNetV2(input_shape=(32, 32, 3))
    assert convolutions(once, "recurrent") == ["network_aggregation_recurrent"]
    assert isinstance(once.get_layer("network_aggregation_recurrent"), layers.DepthwiseConv2D)
    assert len(convolutions(once, "out")) == 7


@pytest.mark.parametrize("cell", ["conv", "lstm", "gru"])
def test_odd_maps(cell):
    """h is pooled to the sizes of a convolution of stride 2."""
    model = ResNet(
        11,
        None,
        aggregation="rla",
        aggregation_config={"channels": 4, "cell": cell},
        input_shape=(None, None, 3),
        include_top=False,
    )
    for height, width in ((17, 15), (9, 32), (1, 5)):
        shape = outputs(model, fixed_images((1, height, width, 3))).shape
        assert shape == (1, -(-height // 4), -(-width // 4), 256 + 4)


def test_h_is_pooled_over_the_pixels_that_exist():
    model = rla()
    pooling = model.get_layer("stage2_block1_aggregation_h_pooling")
    x = np.arange(9, dtype="float32").reshape(1, 3, 3, 1)
    y = ops.convert_to_numpy(pooling(x))[0, :, :, 0]
    np.testing.assert_allclose(y, [[2, 3.5], [6.5, 8]])


@pytest.mark.parametrize("model", ["resnet", "preresnet", "wrn", "resnext"])
def test_without_the_top(model):
    """cat(x, h), or the maps of the stages alone."""
    family = MODELS[model]
    depth = family.depths({}).least
    given = {"aggregation": "rla", "aggregation_config": {"channels": 4}, "include_top": False}
    plain = family.build(depth, None, include_top=False)
    joined = family.build(depth, None, **given)
    assert joined.output_shape == (*plain.output_shape[:3], plain.output_shape[3] + 4)
    assert joined.layers[-1].name == "final_joined"
    features = family.build(depth, None, features_only=True, **given)
    assert [*features.output] == ["P0", "P1", "P2"]
    shapes = [each.shape for each in features.output.values()]
    assert [shape[1:3] for shape in shapes] == [(32, 32), (16, 16), (8, 8)]
    assert shapes[-1] == plain.output_shape
    names = {layer.name for layer in features.layers}
    assert not names & {"final_aggregation_bn", "final_joined", "final_bn", "predictions"}


def test_beside_attention():
    """A state of attention and one of aggregation, each its own."""
    model = PreResNet(11, "dia", aggregation="rla", aggregation_config={"channels": 4})
    names = {layer.name for layer in model.layers}
    assert {"stage1_attention", "stage1_aggregation_out", "final_joined"} <= names
    assert answer(model).shape == (2, 10)


def test_an_aggregation_of_ones_own():
    class Counting(Aggregation):
        def __init__(self):
            self.seen = []

        def start(self, x):
            self.seen.append("start")

        def enter(self, x, block):
            self.seen.append(f"enter {block}")
            return x

        def update(self, block, strides, *, output, branch, shortcut):
            assert output.shape == branch.shape == shortcut.shape
            self.seen.append(f"update {block} {strides}")

        def leave(self, x, activation="relu"):
            self.seen.append(f"leave {activation}")
            return x

    made = []

    def make():
        made.append(Counting())
        return made[-1]

    ResNet(11, None, aggregation=make)
    (aggregation,) = made
    blocks = [(f"stage{s}_block1", 1 if s == 1 else 2) for s in (1, 2, 3)]
    visits = [(f"enter {block}", f"update {block} {strides}") for block, strides in blocks]
    assert aggregation.seen == ["start", *sum(visits, ()), "leave relu"]


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"channels": 0}, "`channels` must be an integer >= 1. Received: channels=0"),
        ({"channels": 5000}, "`channels` must be at most 1,024. Received: channels=5000"),
        ({"channels": 2.5}, "Received: channels=2.5"),
        ({"variant": "v7"}, "must be one of released, v1, v1post, .*v6. Received: variant='v7'"),
        ({"cell": "rnn"}, "must be one of conv, lstm, gru. Received: cell='rnn'"),
        ({"shared": "all"}, "Received: shared='all'"),
        ({"update_from": "input"}, "Received: update_from='input'"),
        ({"variant": "v5", "update_from": "branch"}, "v5, which takes the shortcut"),
        ({"cell": "gru", "variant": "v2"}, "`variant` must be released for the cell gru"),
        ({"size": 3}, "`size` says nothing to rla, which takes channels, variant"),
    ],
)
def test_refuses_options(config, says):
    with pytest.raises(ValueError, match=says) as refusal:
        ResNet(11, None, aggregation="rla", aggregation_config=config)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"aggregation": "rlb"}, "one of rla. Received: aggregation='rlb'"),
        ({"aggregation": None, "aggregation_config": {"channels": 4}}, "given by name"),
        ({"aggregation": 3}, "Received: aggregation=3"),
        ({"aggregation": Aggregation()}, "makes a new `Aggregation`"),
        ({"aggregation": lambda: layers.ReLU()}, "makes a new `Aggregation`"),
        (
            {"aggregation": "rla", "aggregation_config": {"variant": "v5"}, "skip": False},
            "`variant` must be one of released.*stage1_block1 has no shortcut",
        ),
        (
            {"aggregation": "rla", "features_only": True},
            "`features_only` has neither .* give `include_top=False`.* include_top=True",
        ),
    ],
)
def test_refuses(arguments, says):
    with pytest.raises(ValueError, match=says) as refusal:
        ResNet(11, None, **arguments)
    assert "\n" not in str(refusal.value)
