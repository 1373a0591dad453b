"""Parameters of the networks of other papers: recurrent layer aggregation, residual attention."""

import pytest

from ras_keras.models import (
    MobileNetV2,
    ResidualAttention,
    ResidualAttention56,
    ResidualAttention92,
    ResNet18,
    ResNet20,
    ResNet34,
    ResNet50,
    ResNet56,
    ResNet83,
    ResNet101,
    ResNet110,
    ResNet152,
    ResNet164,
    ResNeXt50_32x4d,
    ResNeXt101_32x4d,
    RLAMobileNetV2,
    RLAResNet50,
    RLAResNet101,
    RLAResNet152,
    RLAResNeXt50_32x4d,
    RLAResNeXt101_32x4d,
    WideResidualAttention,
    Xception,
)
from tests.models.test_parameters import trainable, without_values

ECA = {"attention": "eca"}
SE = {"attention": "se", "attention_config": {"use_bias": False}}
WITH_BIASES = {"use_bias": True}
PROJECTIONS = {"shortcut": "projection"}
FEATURES = {"include_top": False, "features_only": True}


def rla(**options):
    return {"aggregation_config": options}


def dia(reduction_ratio):
    return {"attention": "dia", "attention_config": {"reduction_ratio": reduction_ratio}}


# Network, arguments, trainable parameters, all variables where they were counted.
QUICK = [
    (ResNet18, {}, 11_689_512, None),
    (ResNet20, {}, 269_722, None),
    (RLAResNet50, {}, 25_870_696, 25_924_904),
    (RLAMobileNetV2, {}, 3_624_168, 3_660_520),
    (Xception, {}, 22_855_952, None),
    (ResidualAttention, {"depth": 56}, 1_030_394, 1_045_306),
]
RESNETS = [
    (ResNet34, {}, 21_797_672, None),
    (ResNet50, {}, 25_557_032, 25_610_152),
    (ResNet50, ECA, 25_557_118, 25_610_238),
    (ResNet50, SE, 28_071_976, 28_125_096),
    (ResNet101, {}, 44_549_160, 44_654_504),
    (ResNet152, {}, 60_192_808, None),
    (ResNeXt50_32x4d, {}, 25_028_904, None),
    (ResNeXt101_32x4d, {}, 44_177_704, None),
    # The DIANet paper's.
    (ResNet34, WITH_BIASES, 21_806_184, None),
    (ResNet50, WITH_BIASES, 25_583_592, None),
    (ResNet34, dia(20) | WITH_BIASES, 21_982_276, None),
    (ResNet50, dia(20) | WITH_BIASES, 28_384_612, None),
    (ResNet152, dia(10) | WITH_BIASES, 65_847_524, None),
    (ResNeXt50_32x4d, dia(20), 27_829_924, None),
    # Basic blocks at CIFAR size.
    (ResNet56, {}, 853_018, None),
    (ResNet110, {}, 1_727_962, None),
    (ResNet20, PROJECTIONS, 272_474, None),
    (ResNet56, PROJECTIONS, 855_770, None),
    (ResNet110, PROJECTIONS, 1_730_714, None),
]
AGGREGATED = [
    (RLAResNet50, ECA, 25_870_782, 25_924_990),
    (RLAResNet50, SE, 28_385_640, None),
    (RLAResNet101, {}, 45_003_176, 45_110_696),
    (RLAResNet101, ECA, 45_003_347, 45_110_867),
    (RLAResNet152, {}, 60_770_792, 60_925_480),
    (RLAResNet152, ECA, 60_771_048, 60_925_736),
    (RLAResNeXt50_32x4d, {}, 25_463_400, 25_532_712),
    (RLAResNeXt50_32x4d, ECA, 25_463_486, 25_532_798),
    (RLAResNeXt50_32x4d, SE, 27_978_344, 28_047_656),
    (RLAResNeXt101_32x4d, {}, 44_891_816, 45_031_848),
    (RLAResNeXt101_32x4d, ECA, 44_891_987, 45_032_019),
    (RLAResNeXt101_32x4d, SE, 49_634_984, 49_775_016),
    # The variants that were released.
    (RLAResNet50, rla(variant="v1"), 25_870_696, None),
    (RLAResNet50, rla(variant="v1post"), 25_870_632, 25_924_776),
    *(
        (RLAResNet50, rla(variant=variant), 25_870_696, 25_924_904)
        for variant in ("v2", "v3", "v4", "v5", "v6")
    ),
    (RLAResNet50, rla(variant="v1post") | ECA, 25_870_632 + 86, None),
    (RLAResNet50, rla(head_only=True), 25_749_864, 25_804_072),
    (RLAResNet50, rla(shared="none"), 26_341_736, 26_395_944),
    (RLAResNet101, rla(shared="none"), 46_187_944, 46_295_464),
    (RLAResNet50, rla(cell="lstm"), 26_128_680, 26_182_824),
    (RLAResNet50, rla(cell="gru"), 26_056_104, 26_110_248),
    (RLAResNet50, rla(cell="gru") | ECA, 26_056_190, None),
    (RLAResNet101, rla(cell="gru"), 45_188_584, 45_296_040),
    (RLAResNet101, rla(cell="gru") | ECA, 45_188_755, None),
    # Without the classifier and the last normalization of the state.
    (RLAResNet50, FEATURES, 23_789_568, None),
]
MOBILE = [
    (MobileNetV2, {}, 3_504_872, 3_538_984),
    (MobileNetV2, ECA, 3_504_903, 3_539_015),
    (RLAMobileNetV2, ECA, 3_624_199, 3_660_551),
    (RLAMobileNetV2, rla(depthwise=False), 3_633_096, 3_669_448),
    (RLAMobileNetV2, rla(depthwise=False) | ECA, 3_633_127, 3_669_479),
    (RLAMobileNetV2, rla(channels=6), 3_527_240, 3_561_772),
    (RLAMobileNetV2, rla(channels=12), 3_549_608, 3_584_560),
    (RLAMobileNetV2, rla(channels=24), 3_594_344, 3_630_136),
    (RLAMobileNetV2, rla(channels=6, depthwise=False), 3_527_510, 3_562_042),
    (RLAMobileNetV2, rla(channels=12, depthwise=False), 3_550_796, 3_585_748),
    (RLAMobileNetV2, rla(channels=24, depthwise=False), 3_599_312, 3_635_104),
]
RESIDUAL_ATTENTION = [
    (ResidualAttention56, {}, 31_810_728, 31_883_432),
    (ResidualAttention92, {}, 52_466_344, 52_599_976),
    (ResidualAttention, {"depth": 56, "classes": 100}, 1_053_524, 1_068_436),
    (ResidualAttention, {"depth": 92}, 1_841_274, 1_868_346),
    (ResidualAttention, {"depth": 128}, 2_652_154, 2_691_386),
    (ResidualAttention, {"depth": 164}, 3_463_034, 3_514_426),
    (ResidualAttention, {"depth": 236}, 5_084_794, 5_160_506),
    (ResidualAttention, {"depth": 452}, 9_624_826, 9_775_418),
    (WideResidualAttention, {}, 28_326_922, 28_366_026),
    (WideResidualAttention, {"classes": 100}, 28_419_172, 28_458_276),
    (WideResidualAttention, {"learning": "naive"}, 28_326_986, 28_366_154),
    (WideResidualAttention, {"depth": 92}, 64_962_634, 65_040_202),
    (WideResidualAttention, {"depth": 92, "learning": "naive"}, 64_962_634, 65_040_202),
]
# ResNet83 and ResNet164 with aggregation of k channels: at 10 and 100 classes.
CIFAR_RLA = {
    6: ((879_634, 903_304), (1_720_630, 1_744_300)),
    8: ((883_434, 907_284), (1_726_554, 1_750_404)),
    12: ((891_682, 915_892), (1_739_050, 1_763_260)),
    16: ((900_794, 925_364), (1_752_410, 1_776_980)),
    24: ((921_610, 946_900), (1_781_722, 1_807_012)),
    32: ((945_882, 971_892), (1_814_490, 1_840_500)),
}


def check(network, arguments, parameters, variables):
    with without_values():
        model = network(**arguments)
    assert trainable(model) == parameters
    if variables is not None:
        assert model.count_params() == variables


@pytest.mark.parametrize(("network", "arguments", "parameters", "variables"), QUICK)
def test_one_of_each_family(network, arguments, parameters, variables):
    check(network, arguments, parameters, variables)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "arguments", "parameters", "variables"),
    [*RESNETS, *AGGREGATED, *MOBILE, *RESIDUAL_ATTENTION],
)
def test_published(network, arguments, parameters, variables):
    check(network, arguments, parameters, variables)


@pytest.mark.slow
@pytest.mark.parametrize("channels", CIFAR_RLA)
def test_aggregation_at_cifar_size(channels):
    """The classifier has 256 + k + 1 parameters a class."""
    found = []
    for network in (ResNet83, ResNet164):
        with without_values():
            ten = trainable(network(attention=None, aggregation="rla", **rla(channels=channels)))
        found.append((ten, ten + 90 * (256 + channels + 1)))
    assert tuple(found) == CIFAR_RLA[channels]
