"""The CIFAR bottleneck ResNet in pre-activation form, with attention as a plug."""

from collections.abc import Sequence
from functools import partial

import keras
from keras import layers

from ras_keras.layers.registry import AttentionLike
from ras_keras.models.aggregation import AggregationLike, make_aggregation
from ras_keras.models.parts.classifier import image_classifier
from ras_keras.models.parts.layers import (
    NormalizationLike,
    batch_normalize,
    convolution,
    fits,
    relu,
)
from ras_keras.models.parts.stages import STAGES, Depths, residual_stages
from ras_keras.models.resnet import EXPANSION, STAGE_FILTERS, blocks
from ras_keras.pixels import CIFAR10_MEAN, CIFAR10_VARIANCE


def depths() -> Depths:
    return Depths(published=164, least=11, check=blocks)


def PreResNet(
    depth: int = 164,
    attention: AttentionLike = "ras",
    attention_config: dict | None = None,
    attention_stages: Sequence[int] = STAGES,
    aggregation: AggregationLike = None,
    aggregation_config: dict | None = None,
    normalization: NormalizationLike = "batch_norm",
    *,
    include_top: bool = True,
    weights: str | None = None,
    input_shape: Sequence[int | None] = (32, 32, 3),
    pooling: str | None = None,
    classes: int = 10,
    classifier_activation: str | None = "softmax",
    features_only: bool = False,
    mean: Sequence[float] = CIFAR10_MEAN,
    variance: Sequence[float] = CIFAR10_VARIANCE,
    name: str | None = None,
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
        aggregation: as for `ResNet`.
        aggregation_config: constructor arguments of an aggregation given by name.
        normalization: "batch_norm", or "iebn" for instance enhancement batch
            normalization (arXiv 1908.04008) in its place.
        include_top: as for `ras_keras.models.image_classifier`, as are the
            arguments that follow it.
        weights: a file to start from.
        input_shape: (H, W, channels).
        pooling: without the top: None, "avg" or "max".
        classes: of the classifier.
        classifier_activation: None for logits.
        features_only: whether the model gives the maps of its stages,
            without the last batch normalization and ReLU.
        mean: of each channel, in pixel units.
        variance: of each channel, in squared pixel units.
        name: of the model, "preresnet<depth>" if None.

    Returns:
        As `ResNet`.

    Raises:
        ValueError: for an argument that does not fit, naming it.
        UserError: for a file of weights that is damaged.

    Source: He et al., arXiv 1603.05027; the network of the DIANet paper, arXiv
    1905.10671.
    """

    aggregate = make_aggregation(aggregation, aggregation_config)

    def body(x):
        return residual_stages(
            convolution(x, STAGE_FILTERS[0] // EXPANSION, 3, "stem"),
            _bottleneck,
            filters=STAGE_FILTERS,
            blocks=[blocks(depth)] * len(STAGES),
            attention=attention,
            attention_config=attention_config,
            attention_stages=attention_stages,
            aggregation=aggregate,
        )

    def end(x):
        return aggregate.leave(relu(batch_normalize(x, "final"), "final_relu"))

    return image_classifier(
        body,
        name or f"preresnet{depth}",
        end=end,
        normalization=normalization,
        include_top=include_top,
        weights=weights,
        input_shape=input_shape,
        pooling=pooling,
        classes=classes,
        classifier_activation=classifier_activation,
        features_only=features_only,
        mean=mean,
        variance=variance,
    )


PreResNet164 = partial(PreResNet, 164)


def _bottleneck(x, filters, strides, plugs, name):
    shortcut = x
    if not fits(x, filters, strides):
        shortcut = convolution(x, filters, 1, f"{name}_shortcut", strides)
    width = filters // EXPANSION
    for i, (units, size, step) in enumerate(
        [(width, 1, 1), (width, 3, strides), (filters, 1, 1)], start=1
    ):
        x = relu(batch_normalize(x, f"{name}_{i}"), f"{name}_{i}_relu")
        if i == 1:
            x = plugs.aggregation.enter(x, name)
        x = convolution(x, units, size, f"{name}_{i}", step)
    return pre_activation_end(x, shortcut, strides, plugs, name)


def pre_activation_end(branch, shortcut, strides, plugs, name):
    """Attention on a branch and the addition of the shortcut; tells the aggregation."""
    branch = plugs.attention(branch, name, normalized=False)
    x = layers.Add(name=f"{name}_out")([branch, shortcut])
    plugs.aggregation.update(name, strides, output=x, branch=branch, shortcut=shortcut)
    return x
