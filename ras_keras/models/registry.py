"""Networks by name."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from ras_keras.models import (
    imagenet_residual_attention,
    imagenet_resnet,
    preresnet,
    residual_attention,
    resnet,
    resnext,
    wide_residual_attention,
    wide_resnet,
)
from ras_keras.models.imagenet_residual_attention import ImageNetResidualAttention
from ras_keras.models.imagenet_resnet import ImageNetResNet
from ras_keras.models.mobilenet_v2 import MobileNetV2
from ras_keras.models.parts.classifier import image_classifier
from ras_keras.models.parts.stages import Depths
from ras_keras.models.preresnet import PreResNet
from ras_keras.models.residual_attention import ResidualAttention
from ras_keras.models.resnet import ResNet
from ras_keras.models.resnext import ResNeXt
from ras_keras.models.wide_residual_attention import WideResidualAttention
from ras_keras.models.wide_resnet import WideResNet
from ras_keras.models.xception import Xception
from ras_keras.values.text import ANY, argument_kinds

# What has a place of its own in a recipe, or is the caller's; two are options all the same.
OF_EVERY_NETWORK = {
    *("model", "depth", "attention", "attention_config", "aggregation", "aggregation_config", ANY),
    *inspect.signature(image_classifier).parameters,
} - {"dropout", "normalization"}


@dataclass(frozen=True)
class Family:
    """Networks that differ in depth, or one network.

    Attributes:
        build: the function that builds one, or makes one of a saved model.
        depths_of: from some of its options to the depths that it has; None if it has but one.
    """

    build: Callable
    depths_of: Callable[..., Depths] | None = None

    def depths(self, options: dict) -> Depths | None:
        """The depths with these options, None if there is but one network."""
        if self.depths_of is None:
            return None
        names = inspect.signature(self.depths_of).parameters
        return self.depths_of(**{name: options[name] for name in names if name in options})

    @property
    def option_kinds(self) -> dict[str, type]:
        """The options of this family, with the types that a text can be read as."""
        kinds = argument_kinds(self.build)
        return {name: kind for name, kind in kinds.items() if name not in OF_EVERY_NETWORK}

    @property
    def arguments(self) -> dict:
        """The default of every argument of `build`."""
        parameters = inspect.signature(self.build).parameters
        return {name: parameter.default for name, parameter in parameters.items()}

    @property
    def defaults(self) -> dict:
        """The values of those options where nothing is said of them."""
        return {name: self.arguments[name] for name in self.option_kinds}


MODELS = {
    "resnet": Family(ResNet, resnet.depths),
    "preresnet": Family(PreResNet, preresnet.depths),
    "wrn": Family(WideResNet, wide_resnet.depths),
    "resnext": Family(ResNeXt, resnext.depths),
    "residual_attention": Family(ResidualAttention, residual_attention.depths),
    "wide_residual_attention": Family(WideResidualAttention, wide_residual_attention.depths),
    "imagenet_resnet": Family(ImageNetResNet, imagenet_resnet.depths),
    "imagenet_residual_attention": Family(
        ImageNetResidualAttention, imagenet_residual_attention.depths
    ),
    "mobilenet_v2": Family(MobileNetV2),
    "xception": Family(Xception),
}
