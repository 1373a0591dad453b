"""The table of docs/papers/modules.md: parameters from the formulas, and of the built networks."""

import math
import re

import pytest

from ras_keras.layers.efficient_channel_attention import adaptive_kernel_size
from ras_keras.layers.registry import ATTENTION, make_attention
from ras_keras.models import ResNet83, ResNet164
from tests.conftest import ROOT
from tests.models.test_parameters import TABLE_1, trainable, without_values

PAGE = ROOT / "docs" / "papers" / "modules.md"
# Without attention, at 10 classes; blocks of each stage, and the channels of each.
PLAIN = {"ResNet83": (869_530, 9), "ResNet164": (1_704_154, 18)}
STAGES = ((64, 32), (128, 16), (256, 8))


def bottleneck(c, h):
    """Two dense layers with biases."""
    return 2 * c * h + h + c


# Trainable parameters for C channels, as the docstrings have them; of a map of this side.
FORMULAS = {
    "ras": lambda c, side: 6 * c,
    "ras:normalize_input=False": lambda c, side: 4 * c,
    "se": lambda c, side: bottleneck(c, c // 16),
    "eca": lambda c, side: adaptive_kernel_size(c),
    "cbam": lambda c, side: bottleneck(c, c // 16) + 2 * 49 + 2,
    "sem": lambda c, side: 3 * c + 3 + bottleneck(c, c // 16) + adaptive_kernel_size(c) + 2 * c,
    "spa": lambda c, side: 22 * c * (c // 16),
    "ge": lambda c, side: 0,
    "ge:extent=4,learned=True": lambda c, side: 11 * c * int(math.log2(4)),
    "ge:learned=True,reduction_ratio=16": lambda c, side: (
        (side**2 + 2) * c + bottleneck(c, c // 16)
    ),
    "gc": lambda c, side: 2 * c * (c // 16) + 2 * c + 3 * (c // 16) + 1,
    "bam": lambda c, side: 3 * c * (c // 16) + 18 * (c // 16) ** 2 + 13 * (c // 16) + c + 1,
    "coordinate": lambda c, side: 3 * c * max(8, c // 32) + 3 * max(8, c // 32) + 2 * c,
    "simam": lambda c, side: 0,
    "srm": lambda c, side: 4 * c,
    "fca": lambda c, side: 2 * c * (c // 16),
    "gct": lambda c, side: 3 * c,
    "triplet": lambda c, side: 6 * 49 + 6,
    "shuffle": lambda c, side: 3 * c // min(64, c // 2),
    "iebn": lambda c, side: 2 * c,
    "channel_scale": lambda c, side: c,
}
# Made once a stage.
SHARED = {
    "dia": lambda c, side: 2 * (5 * c * (c // 4) + c // 4 + 4 * c),
    "dia_se": lambda c, side: bottleneck(c, c // 16),
}
COUNTED_ELSEWHERE = {*TABLE_1} & {*FORMULAS, *SHARED}


def config_of(text):
    name, _, options = text.partition(":")
    read = {"True": True, "False": False}
    pairs = [each.split("=") for each in options.split(",") if each]
    return name, {key: read[value] if value in read else int(value) for key, value in pairs}


def listed():
    """The counts of the page, by attention and network."""
    found = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if cells := re.match(r"\| `([^`]+)` \| ([\d,]+) \| ([\d,]+) \|", line):
            numbers = (int(each.replace(",", "")) for each in cells.groups()[1:])
            found[cells[1]] = dict(zip(PLAIN, numbers, strict=True))
    return found


def by_formula(text, network):
    plain, blocks = PLAIN[network]
    if text in SHARED:
        return plain + sum(SHARED[text](*stage) for stage in STAGES)
    return plain + blocks * sum(FORMULAS[text](*stage) for stage in STAGES)


def test_every_module_is_listed():
    assert {text.partition(":")[0] for text in listed()} == {*ATTENTION}
    assert {*listed()} == {*FORMULAS, *SHARED}


@pytest.mark.parametrize("text", [*FORMULAS, *SHARED])
def test_formulas(text):
    """Those of each layer, and their sums that the page lists."""
    name, config = config_of(text)
    formula = (FORMULAS | SHARED)[text]
    for channels, side in STAGES:
        layer = make_attention(name, config)
        layer.build((None, side, side, channels))
        assert trainable(layer) == formula(channels, side)
    assert listed()[text] == {network: by_formula(text, network) for network in PLAIN}


def test_those_that_are_published():
    """`test_parameters` builds these networks."""
    for text in COUNTED_ELSEWHERE:
        of_164, _, of_83, _ = TABLE_1[text]
        assert listed()[text] == {"ResNet83": of_83, "ResNet164": of_164}


@pytest.mark.slow
@pytest.mark.parametrize("text", sorted({*FORMULAS, *SHARED} - COUNTED_ELSEWHERE))
def test_networks(text):
    name, config = config_of(text)
    for network, build in {"ResNet83": ResNet83, "ResNet164": ResNet164}.items():
        with without_values():
            model = build(attention=name, attention_config=config or None)
        assert trainable(model) == listed()[text][network]


if __name__ == "__main__":
    for each in [*FORMULAS, *SHARED]:
        print(f"| `{each}` | " + " | ".join(f"{by_formula(each, name):,}" for name in PLAIN) + " |")
