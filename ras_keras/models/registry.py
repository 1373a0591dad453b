"""Networks by name."""

from collections.abc import Callable
from dataclasses import dataclass

import keras

from ras_keras.models import resnet, wide_resnet
from ras_keras.models.preresnet import PreResNet
from ras_keras.models.resnet import ResNet
from ras_keras.models.resnext import ResNeXt
from ras_keras.models.wide_resnet import WideResNet


@dataclass(frozen=True)
class Family:
    """Networks that differ in depth.

    Attributes:
        build: the function that builds one.
        depth: of the published one.
        least_depth: of one with a block a stage.
        blocks: from a depth to the blocks of a stage; refuses other depths.
    """

    build: Callable[..., keras.Model]
    depth: int
    least_depth: int
    blocks: Callable[[int], int]


MODELS = {
    "resnet": Family(ResNet, 164, 11, resnet.blocks),
    "preresnet": Family(PreResNet, 164, 11, resnet.blocks),
    "wrn": Family(WideResNet, 52, 10, wide_resnet.blocks),
    "resnext": Family(ResNeXt, 101, 11, resnet.blocks),
}
