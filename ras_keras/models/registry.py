"""Networks by name."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import keras

from ras_keras.models import resnet, wide_resnet
from ras_keras.models.classifier import image_classifier
from ras_keras.models.preresnet import PreResNet
from ras_keras.models.resnet import ResNet
from ras_keras.models.resnext import ResNeXt
from ras_keras.models.wide_resnet import WideResNet
from ras_keras.values.text import ANY, argument_kinds

# What has a place of its own in a recipe, or is the caller's.
OF_EVERY_NETWORK = {
    *("depth", "attention", "attention_config", "aggregation", "aggregation_config", "name", ANY),
    *inspect.signature(image_classifier).parameters,
}


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

    @property
    def option_kinds(self) -> dict[str, type]:
        """The options of this family, with the types that a text can be read as."""
        kinds = argument_kinds(self.build)
        return {name: kind for name, kind in kinds.items() if name not in OF_EVERY_NETWORK}

    @property
    def defaults(self) -> dict:
        """The values of those options where nothing is said of them."""
        parameters = inspect.signature(self.build).parameters
        return {name: parameters[name].default for name in self.option_kinds}


MODELS = {
    "resnet": Family(ResNet, 164, 11, resnet.blocks),
    "preresnet": Family(PreResNet, 164, 11, resnet.blocks),
    "wrn": Family(WideResNet, 52, 10, wide_resnet.blocks),
    "resnext": Family(ResNeXt, 101, 11, resnet.blocks),
}
