"""Trainable parameters of the published networks, to the last one."""

from contextlib import contextmanager

import keras
import numpy as np
import pytest

from ras_keras.models import (
    PreResNet164,
    ResNet83,
    ResNet164,
    ResNet245,
    ResNet326,
    ResNet407,
    ResNeXt101,
    WideResNet52_4,
)

# RAS paper, Table 1: at 164 layers and 10 classes, 164 and 100, 83 and 10, 83 and 100.
TABLE_1 = {
    "none": (1_704_154, 1_727_284, 869_530, 892_660),
    "se": (1_906_258, 1_929_388, 970_582, 993_712),
    "eca": (1_704_388, 1_727_518, 869_647, 892_777),
    # The original module; no setting has all four counts that the paper prints.
    "cbam": (1_911_658, 1_934_788, 973_282, 996_412),
    "sem": (1_946_974, 1_970_104, 990_940, 1_014_070),
    "dia": (1_923_002, 1_946_132, 1_088_378, 1_111_508),
    "spa": (3_833_050, 3_856_180, 1_933_978, 1_957_108),
}
# RAS at (83, 10), (83, 100), (164, 10), (164, 100), by k.
RELEASED = {  # normalize_input=False
    1: (877_594, 900_724, 1_720_282, 1_743_412),
    2: (885_658, 908_788, 1_736_410, 1_759_540),
    3: (893_722, 916_852, 1_752_538, 1_775_668),
    4: (901_786, 924_916, 1_768_666, 1_791_796),
}
DEFAULT = {  # normalize_input=True
    1: (885_658, 908_788, 1_736_410, 1_759_540),
    2: (893_722, 916_852, 1_752_538, 1_775_668),
    3: (901_786, 924_916, 1_768_666, 1_791_796),
    4: (909_850, 932_980, 1_784_794, 1_807_924),
}
# All variables, moving statistics included, at 10 classes: (83, 164).
ALL_PLAIN = (882_554, 1_729_274)
ALL_RELEASED_2 = (906_746, 1_777_658)

# DIANet paper, at 100 classes: network, attention, its arguments, other arguments, parameters.
DIANET = [
    (PreResNet164, None, {}, {}, 1_726_388),
    (PreResNet164, "dia", {}, {}, 1_961_364),
    (WideResNet52_4, None, {}, {}, 12_072_500),
    (WideResNet52_4, "dia", {}, {}, 12_298_516),
    (ResNeXt101, None, {}, {}, 32_138_244),
    (ResNeXt101, "dia", {}, {}, 33_006_020),
    # Table 1: one squeeze and excitation a stage.
    (ResNet164, "dia_se", {}, {}, 1_738_512),
    (ResNet164, "dia_se", {"use_bias": False}, {}, 1_738_036),
    # Table 3, squeeze and excitation in each backbone, with that backbone's setting.
    (PreResNet164, "se", {"use_bias": False}, {}, 1_919_924),
    (WideResNet52_4, "se", {"reduction_ratio": 4}, {}, 12_421_044),
    (ResNeXt101, "se", {"reduction_ratio": 4, "use_bias": False}, {}, 34_030_596),
    # Table 4, reduction ratios.
    (ResNet164, "dia", {"reduction_ratio": 1}, {}, 2_591_924),
    (ResNet164, "dia", {"reduction_ratio": 4}, {}, 1_946_132),
    (ResNet164, "dia", {"reduction_ratio": 8}, {}, 1_838_500),
    (ResNet164, "dia", {"reduction_ratio": 16}, {}, 1_784_684),
    # Table 5, depths.
    (ResNet245, "se", {}, {}, 2_865_064),
    (ResNet245, "dia", {}, {}, 2_780_756),
    (ResNet407, "se", {}, {}, 4_736_416),
    (ResNet407, "dia", {}, {}, 4_450_004),
    (ResNet326, None, {}, {}, 3_396_532),
    # Table 6, stacked cells.
    (ResNet164, "dia", {"cells": 3}, {}, 3_329_556),
    # Table 7, the unit of one stage removed.
    (ResNet164, "dia", {}, {"attention_stages": (2, 3)}, 1_935_348),
    (ResNet164, "dia", {}, {"attention_stages": (1, 3)}, 1_904_084),
    (ResNet164, "dia", {}, {"attention_stages": (1, 2)}, 1_780_116),
    # Table 8, without batch normalization.
    (ResNet83, None, {}, {"batch_norm": False}, 880_532),
    (ResNet83, "se", {}, {"batch_norm": False}, 981_584),
    (ResNet83, "dia", {"reduction_ratio": 16}, {"batch_norm": False}, 937_932),
    (ResNet326, None, {}, {"batch_norm": False}, 3_348_116),
]


@contextmanager
def without_values():
    """Networks that are built here can be counted; making their weights' values takes longer."""
    with keras.StatelessScope(initialize_variables=False):
        yield
    # What has no values yet would get them with the next network.
    keras.utils.clear_session(free_memory=False)


def trainable(model):
    return sum(int(np.prod(w.shape)) for w in model.trainable_weights)


def counts(network, attention, config=None):
    """At 10 and at 100 classes; the classifier has 257 parameters a class."""
    with without_values():
        ten = trainable(network(attention=attention, attention_config=config))
    return ten, ten + 90 * 257


@pytest.mark.slow
@pytest.mark.parametrize("attention", TABLE_1)
def test_table_1(attention):
    named = None if attention == "none" else attention
    assert counts(ResNet164, named) + counts(ResNet83, named) == TABLE_1[attention]


def test_100_classes():
    with without_values():
        assert trainable(ResNet83(attention=None, classes=100)) == TABLE_1["none"][3]


@pytest.mark.slow
@pytest.mark.parametrize("k", RELEASED)
def test_ras(k):
    for expected, config in (
        (DEFAULT, {"k": k}),
        (RELEASED, {"k": k, "normalize_input": False}),
    ):
        assert counts(ResNet83, "ras", config) + counts(ResNet164, "ras", config) == expected[k]


@pytest.mark.slow
def test_all_variables():
    config = {"normalize_input": False}
    with without_values():
        plain = [network(None) for network in (ResNet83, ResNet164)]
        released = [network("ras", attention_config=config) for network in (ResNet83, ResNet164)]
    assert tuple(model.count_params() for model in plain) == ALL_PLAIN
    assert tuple(model.count_params() for model in released) == ALL_RELEASED_2


@pytest.mark.slow
@pytest.mark.parametrize(("network", "attention", "config", "options", "expected"), DIANET)
def test_dianet(network, attention, config, options, expected):
    with without_values():
        model = network(attention, attention_config=config or None, classes=100, **options)
    assert trainable(model) == expected
