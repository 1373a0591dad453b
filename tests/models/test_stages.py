"""Attention as a plug: once a block or once a stage, with or without a state."""

import keras
import pytest

from ras_keras.layers import DenseImplicitAttention, SqueezeExcitation
from ras_keras.models import PreResNet, ResNet, ResNeXt, WideResNet
from tests.conformance import subjects
from tests.conformance.table import NETWORKS
from tests.tiers import tiered


def attention_layers(model):
    return {layer.name: layer for layer in model.layers if layer.name.endswith("_attention")}


@pytest.mark.slow
def test_a_layer_a_block_or_a_layer_a_stage():
    blocks = [f"stage{s}_block{b}_attention" for s in (1, 2, 3) for b in (1, 2)]
    stages = [f"stage{s}_attention" for s in (1, 2, 3)]
    assert list(attention_layers(ResNet(20, "se"))) == blocks
    for shared in ("dia", "dia_se", DenseImplicitAttention):
        assert list(attention_layers(ResNet(20, shared))) == stages


@pytest.mark.parametrize("row", tiered(NETWORKS, lambda row: row.slow), ids=str)
def test_attention_stages(row):
    given = {"attention": "dia", "attention_config": None}
    network = subjects.network(row, attention_stages=(1, 3), **given)
    assert list(attention_layers(network)) == ["stage1_attention", "stage3_attention"]


@pytest.mark.parametrize("stages", [(), (0,), (4,), (1, 1)])
def test_refuses_stages(stages):
    with pytest.raises(ValueError, match=r"one or several of \(1, 2, 3\). Received"):
        ResNet(11, "dia", attention_stages=stages)


def test_a_shared_layer_of_ones_own():
    class Counted(SqueezeExcitation):
        shared_by_stage = True
        made = 0

        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            Counted.made += 1

    for attention in (Counted, lambda: Counted(reduction_ratio=4)):
        Counted.made = 0
        assert "stage3_attention" in attention_layers(ResNet(29, attention))
        assert Counted.made == 3


def test_a_state_of_ones_own_goes_from_block_to_block():
    """A layer that returns the map and how many blocks it has seen before."""
    seen = []

    class Counting(keras.layers.Layer):
        def call(self, inputs):
            x, count = inputs if isinstance(inputs, list) else (inputs, 0 * inputs)
            return x, count + 1

        def compute_output_shape(self, input_shape):
            first = input_shape[0] if isinstance(input_shape, list) else input_shape
            return first, first

        def __call__(self, inputs, **kwargs):
            seen.append(isinstance(inputs, list))
            return super().__call__(inputs, **kwargs)

    ResNet(29, Counting)
    assert seen == 3 * [False, True, True]


@pytest.mark.parametrize("skip", [True, False])
def test_refuses_attention_that_changes_the_shape(skip):
    def narrow():
        return keras.layers.Conv2D(4, 1)

    with pytest.raises(ValueError, match=r"must keep the shape of its input: Conv2D made .*4"):
        ResNet(11, narrow, skip=skip)


@pytest.mark.slow
def test_only_dia_gets_a_normalization_where_a_branch_ends_in_a_convolution():
    for build, depth in ((PreResNet, 11), (WideResNet, 10)):
        for attention, expected in (("dia", True), ("se", False), ("dia_se", False)):
            names = {layer.name for layer in build(depth, attention).layers}
            assert ("stage1_block1_attention_bn" in names) == expected
    for build in (ResNet, ResNeXt):
        names = {layer.name for layer in build(11, "dia").layers}
        assert "stage1_block1_attention_bn" not in names


def test_depths():
    for build, depth, message in (
        (PreResNet, 30, "9n.2 .* the nearest are 29 and 38"),
        (WideResNet, 30, "6n.4 .* the nearest are 28 and 34"),
        (ResNeXt, 100, "the nearest are 92 and 101"),
    ):
        with pytest.raises(ValueError, match=message):
            build(depth)


@pytest.mark.parametrize(
    ("build", "arguments", "message"),
    [
        (WideResNet, {"widen_factor": 0}, "`widen_factor` must be an integer >= 1"),
        (WideResNet, {"dropout": 1.0}, r"`dropout` must be in \[0, 1\). Received: dropout=1.0"),
        (ResNeXt, {"cardinality": 0}, "`cardinality` must be an integer >= 1"),
        (ResNeXt, {"base_width": 1.5}, "`base_width` must be an integer >= 1"),
    ],
)
def test_refuses(build, arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)


def test_no_skip_and_no_batch_norm():
    plain = {layer.name for layer in ResNet(11, None).layers}
    no_skip = {layer.name for layer in ResNet(11, None, skip=False).layers}
    assert not any("shortcut" in name or name.endswith("_add") for name in no_skip)
    no_norm = ResNet(11, "ras", batch_norm=False)
    kept = {name.name for name in no_norm.layers if name.name.endswith("_bn")}
    assert kept == {f"stage{s}_block1_shortcut_bn" for s in (1, 2, 3)}
    assert no_norm.get_layer("stage1_block1_attention").connections
    assert plain - no_skip


def test_wide_resnet_without_dropout_has_none():
    names = {layer.name for layer in WideResNet(10, None, dropout=0).layers}
    assert "stage1_block1_dropout" not in names
