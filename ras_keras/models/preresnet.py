"""The CIFAR bottleneck ResNet in pre-activation form, with attention as a plug."""

from collections.abc import Sequence

import keras
from keras import layers

from ras_keras.layers.registry import AttentionLike
from ras_keras.models.classifier import image_classifier
from ras_keras.models.parts import convolution, fits, normalization, relu
from ras_keras.models.resnet import EXPANSION, STAGE_FILTERS, blocks
from ras_keras.models.stages import STAGES, residual_stages


def PreResNet(
    depth: int = 164,
    attention: AttentionLike = "ras",
    attention_config: dict | None = None,
    attention_stages: Sequence[int] = STAGES,
    name: str | None = None,
    **kwargs,
) -> keras.Model:
    """Builds a pre-activation bottleneck ResNet for small images, with attention in every block.

    The widths and strides of `ResNet`, but batch normalization and ReLU stand
    before each convolution and once more before the pooling; nothing follows
    the addition. The first block of a stage projects its input by a 1x1
    convolution alone. A branch ends in a convolution, so that attention sees no
    normalized map; DIA gets a batch normalization of its own before it, as its
    authors' code has it.

    Args:
        depth: 9n + 2 convolution and dense layers.
        attention: as for `ResNet`.
        attention_config: constructor arguments of an attention given by name.
        attention_stages: the stages that have attention, of 1, 2 and 3.
        name: of the model, "preresnet<depth>" if None.
        **kwargs: of `ras_keras.models.image_classifier`.

    Returns:
        As `ResNet`.

    Raises:
        ValueError: for an argument that does not fit, naming it.
        UserError: for a file of weights that is damaged.

    Source: He et al., arXiv 1603.05027; the network of the DIANet paper, arXiv
    1905.10671.
    """

    def body(x):
        x = residual_stages(
            convolution(x, STAGE_FILTERS[0] // EXPANSION, 3, "stem"),
            _bottleneck,
            filters=STAGE_FILTERS,
            blocks=blocks(depth),
            attention=attention,
            attention_config=attention_config,
            attention_stages=attention_stages,
        )
        return relu(normalization(x, "final"), "final_relu")

    return image_classifier(body, name or f"preresnet{depth}", **kwargs)


def PreResNet164(attention: AttentionLike = "ras", **kwargs) -> keras.Model:
    """`PreResNet` of depth 164; takes the other arguments of `PreResNet`."""
    return PreResNet(164, attention, **kwargs)


def _bottleneck(x, filters, strides, attention, name):
    shortcut = x
    if not fits(x, filters, strides):
        shortcut = convolution(x, filters, 1, f"{name}_shortcut", strides)
    width = filters // EXPANSION
    for i, (units, size, step) in enumerate(
        [(width, 1, 1), (width, 3, strides), (filters, 1, 1)], start=1
    ):
        x = relu(normalization(x, f"{name}_{i}"), f"{name}_{i}_relu")
        x = convolution(x, units, size, f"{name}_{i}", step)
    x = attention(x, name, normalized=False)
    return layers.Add(name=f"{name}_out")([x, shortcut])
