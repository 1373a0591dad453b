"""Residual attention networks: modules, masks, sizes, what they refuse."""

import numpy as np
import pytest

from ras_keras.layers.soft_mask import SoftMask
from ras_keras.models import ImageNetResidualAttention, ResidualAttention, WideResidualAttention
from tests.conformance.fixed_weights import fixed_images
from tests.conformance.subjects import outputs

slow = pytest.mark.slow
NETWORKS = [ResidualAttention, ImageNetResidualAttention, WideResidualAttention]
LEAST_SIZES = {ResidualAttention: 8, ImageNetResidualAttention: 32, WideResidualAttention: 16}


def masks(model):
    return [layer for layer in model.layers if isinstance(layer, SoftMask)]


@slow
def test_modules():
    """One or two modules a stage, with 3, 2 and 1 poolings."""
    for depth, count in ((56, 1), (92, 2)):
        model = ResidualAttention(depth)
        names = {layer.name for layer in model.layers}
        for stage in (1, 2, 3):
            for i in range(1, count + 1):
                for level in (1, 2, 3):
                    name = f"stage{stage}_module{i}_pooling{level}"
                    assert (name in names) == (level <= 4 - stage)
        assert len(masks(model)) == 3 * count


@slow
@pytest.mark.parametrize("network", NETWORKS[1:])
def test_modules_by_depth(network):
    for depth, counts in ((56, (1, 1, 1)), (92, (1, 2, 3))):
        names = [mask.name for mask in masks(network(depth, input_shape=(32, 32, 3)))]
        expected = [f"stage{s + 1}_module{i + 1}_mask" for s in range(3) for i in range(counts[s])]
        assert sorted(names) == expected


def test_a_mask_is_as_large_as_its_trunk():
    """At an odd size and at one that is left open."""
    model = ResidualAttention(56, input_shape=(None, None, 3), include_top=False)
    for height, width in ((9, 11), (17, 32)):
        shape = outputs(model, fixed_images((1, height, width, 3))).shape
        assert shape == (1, -(-height // 4), -(-width // 4), 256)


@slow
@pytest.mark.parametrize("network", NETWORKS)
def test_without_the_top(network):
    given = {"input_shape": (45, 53, 3), "include_top": False}
    first = {ResidualAttention: 0, WideResidualAttention: 1, ImageNetResidualAttention: 2}[network]
    features = network(features_only=True, **given)
    for level, (name, each) in enumerate(features.output.items(), start=first):
        assert name == f"P{level}"
        assert each.shape[1:3] == (-(-45 // 2**level), -(-53 // 2**level))
    assert len(features.output) == (4 if network is ImageNetResidualAttention else 3)
    assert not any(layer.name.startswith(("final", "last_")) for layer in features.layers)
    last = {ResidualAttention: 256, WideResidualAttention: 1024, ImageNetResidualAttention: 2048}
    vector = network(pooling="max", **given)
    assert vector.output_shape == (None, last[network])
    assert network(**given).output_shape[1:3] == each.shape[1:3]


@slow
def test_attention_in_its_units():
    """A layer for every unit of the chosen stage; DIA once, behind a normalization."""
    model = ResidualAttention(56, "se", attention_stages=(3,))
    found = [layer.name for layer in model.layers if layer.name.endswith("_attention")]
    # First and last unit; before, two of the trunk, two of the mask, after.
    assert len(found) == 2 + 6
    assert {name.partition("_")[0] for name in found} == {"stage3"}
    names = {layer.name for layer in ResidualAttention(56, "dia").layers}
    assert {"stage1_attention", "stage1_first_attention_bn"} <= names


@slow
def test_the_wide_network_keeps_what_defines_its_count():
    names = {layer.name for layer in WideResidualAttention(56).layers}
    assert "stage1_module1_trunk_1_conv" in names
    assert "stage1_module1_before_shortcut_conv" in names
    assert "stem_bn" not in names
    twin = WideResidualAttention(56, learning="naive", dropout=0.3)
    assert "stem_bn" in {layer.name for layer in twin.layers}
    assert twin.get_layer("dropout").rate == 0.3


@pytest.mark.parametrize("network", NETWORKS)
def test_the_least_size(network):
    """2^d pixels for each module of d poolings."""
    least = LEAST_SIZES[network]
    for shape in ((least - 1, 64, 3), (64, least - 1, 3)):
        with pytest.raises(ValueError, match=f"at least {least} rows and columns. Received") as no:
            network(input_shape=shape)
        assert "\n" not in str(no.value)


@slow
@pytest.mark.parametrize("network", NETWORKS)
def test_works_at_the_least_size(network):
    least = LEAST_SIZES[network]
    model = network(input_shape=(least, least, 3), classes=4)
    y = model.predict_on_batch(fixed_images((2, least, least, 3)))
    assert y.shape == (2, 4)
    assert np.isfinite(y).all()


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"depth": 57}, "`depth` must be .*56.*92.*Received: depth=57"),
        ({"depth": "56"}, "Received: depth='56'"),
        ({"mask": "hard"}, "must be one of mixed, channel, spatial. Received: mask='hard'"),
        ({"learning": "none"}, "must be one of attention, naive. Received: learning='none'"),
        ({"aggregation": "rla"}, "`aggregation` must be None in a residual attention network"),
        ({"aggregation_config": {"channels": 4}}, "`aggregation` must be None"),
        ({"attention_stages": (0,)}, "one or several of"),
        ({"features_only": True}, "give `include_top=False`"),
    ],
)
def test_refuses(network, arguments, says):
    with pytest.raises(ValueError, match=says) as refusal:
        network(**arguments)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("depth", "nearest"),
    [(57, "56 and 92"), (1, "56 and 92"), (240, "236 and 272"), (9999, "3584 and 3620")],
)
def test_names_the_nearest_depths(depth, nearest):
    with pytest.raises(ValueError, match=rf"36m\+20 .* the nearest are {nearest}. Received"):
        ResidualAttention(depth)
