"""What a residual attention network is made of: units, and modules of a trunk and a soft mask."""

from collections.abc import Sequence
from dataclasses import dataclass

from keras import layers

from ras_keras.errors import ArgumentError
from ras_keras.layers.aligned_resizing import AlignedResizing
from ras_keras.layers.registry import NONE
from ras_keras.models.aggregation import AggregationLike
from ras_keras.models.parts.layers import batch_normalize, channel_axis, convolution, fits, relu
from ras_keras.models.parts.stages import StageAttention
from ras_keras.values.checks import is_integer

EXPANSION = 4


@dataclass(frozen=True)
class Modules:
    """Units and modules of a network.

    Attributes:
        before: p, units before trunk and mask.
        trunk: t, units of the trunk.
        within: r, units of a mask between two poolings.
        counts: m, modules of each stage.
    """

    counts: Sequence[int]
    before: int = 1
    trunk: int = 2
    within: int = 1


def check_no_aggregation(aggregation: AggregationLike, config: dict | None) -> None:
    """Refuses an aggregation: a module has no place for its state.

    Raises:
        ValueError: if one is asked for.
    """
    if aggregation not in (None, NONE) or config:
        raise ArgumentError.of(
            "aggregation", "must be None in a residual attention network", aggregation
        )


def check_size(input_shape: Sequence[int | None], least: int) -> None:
    """Refuses images that the poolings of a mask would use up.

    Raises:
        ValueError: naming the smallest.
    """
    sizes = input_shape[1:] if channel_axis() == 1 else input_shape[:-1]
    if any(is_integer(size) and size < least for size in sizes):
        raise ArgumentError.of(
            "input_shape", f"must have at least {least} rows and columns", tuple(input_shape)
        )


def stage_of_modules(x, filters, poolings, modules: Modules, combine, attend, stage):
    """A unit and the modules of a stage; `combine` makes the `SoftMask` of a module."""
    x = unit(x, filters, 1 if stage == 1 else 2, attend, f"stage{stage}_first")
    for index in range(1, modules.counts[stage - 1] + 1):
        x = _module(x, filters, poolings, modules, combine, attend, f"stage{stage}_module{index}")
    return x


def _module(x, filters, poolings, sizes, combine, attend, name):
    def units(x, count, where):
        for i in range(1, count + 1):
            x = unit(x, filters, 1, attend, f"{name}_{where}{i}")
        return x

    x = units(x, sizes.before, "before")
    trunk = units(x, sizes.trunk, "trunk")
    mask, skips = x, []
    for level in range(1, poolings + 1):
        skips.append(trunk if level == 1 else units(mask, 1, f"skip{level - 1}_"))
        mask = layers.MaxPooling2D(3, 2, padding="same", name=f"{name}_pooling{level}")(mask)
        count = sizes.within * (2 if level == poolings else 1)
        mask = units(mask, count, f"down{level}_")
    for level in range(poolings, 0, -1):
        mask = AlignedResizing(name=f"{name}_resizing{level}")([mask, skips[level - 1]])
        if level > 1:
            mask = layers.Add(name=f"{name}_sum{level}")([mask, skips[level - 1]])
            mask = units(mask, sizes.within, f"up{level}_")
    for i in (1, 2):
        mask = relu(batch_normalize(mask, f"{name}_mask{i}"), f"{name}_mask{i}_relu")
        mask = convolution(mask, filters, 1, f"{name}_mask{i}")
    x = combine(name=f"{name}_mask")([trunk, mask])
    return units(x, 1, "after")


def unit(x, filters: int, strides: int, attend: StageAttention, name: str):
    """A pre-activation bottleneck with attention on its branch."""
    width = filters // EXPANSION
    activated = relu(batch_normalize(x, f"{name}_1"), f"{name}_1_relu")
    shortcut = x
    if not fits(x, filters, strides):
        shortcut = convolution(activated, filters, 1, f"{name}_shortcut", strides)
    x = convolution(activated, width, 1, f"{name}_1")
    x = relu(batch_normalize(x, f"{name}_2"), f"{name}_2_relu")
    x = convolution(x, width, 3, f"{name}_2", strides)
    x = relu(batch_normalize(x, f"{name}_3"), f"{name}_3_relu")
    x = attend(convolution(x, filters, 1, f"{name}_3"), name, normalized=False)
    return layers.Add(name=f"{name}_out")([x, shortcut])


def final_activation(x):
    return relu(batch_normalize(x, "final"), "final_relu")
