"""The CIFAR bottleneck ResNet, post-activation, with attention as a plug."""

from collections.abc import Sequence
from functools import partial

import keras
from keras import layers

from ras_keras.layers.registry import AttentionLike
from ras_keras.models.classifier import image_classifier
from ras_keras.models.parts import convolution, fits, normalization, relu
from ras_keras.models.stages import STAGES, blocks_per_stage, residual_stages

STAGE_FILTERS = (64, 128, 256)
EXPANSION = 4


def blocks(depth: int) -> int:
    """n of depth = 9n + 2."""
    return blocks_per_stage(depth, layers_per_block=3, others=2)


def ResNet(
    depth: int = 164,
    attention: AttentionLike = "ras",
    attention_config: dict | None = None,
    attention_stages: Sequence[int] = STAGES,
    batch_norm: bool = True,
    skip: bool = True,
    name: str | None = None,
    **kwargs,
) -> keras.Model:
    """Builds a bottleneck ResNet for small images, with attention in every block.

    A 3x3 stem of 16 filters; three stages of n = (depth - 2) / 9 blocks with 64,
    128 and 256 channels at strides 1, 2 and 2; global average pooling; a dense
    classifier. A block is 1x1, 3x3 and 1x1 convolutions, each with batch
    normalization, then attention, the addition of the shortcut and a ReLU.
    The first block of a stage has a 1x1 convolution in its shortcut.

    Args:
        depth: 9n + 2 convolution and dense layers.
        attention: None, a name such as "ras" (`ras_keras.layers.ATTENTION`), or
            a callable that makes a layer from (N, H, W, C) to (N, H, W, C),
            called once per block; a class with `shared_by_stage = True`, once per
            stage.
        attention_config: constructor arguments of an attention given by name.
        attention_stages: the stages that have attention, of 1, 2 and 3.
        batch_norm: False leaves out all batch normalizations but those of the
            projecting shortcuts and of the attention (Table 8 of arXiv
            1905.10671; its DIA has `reduction_ratio` 16 there).
        skip: False leaves out the shortcuts (Fig. 6 there).
        name: of the model, "resnet<depth>" if None.
        **kwargs: of `ras_keras.models.image_classifier`: `include_top`,
            `weights`, `input_shape`, `pooling`, `classes`,
            `classifier_activation`, `mean`, `variance`.

    Returns:
        A functional `keras.Model` from raw pixels (N, H, W, channels) to
        (N, classes), or without the top to (N, ceil(H/4), ceil(W/4), 256) or
        (N, 256).

    Raises:
        ValueError: for an argument that does not fit, naming it.
        UserError: for a file of weights that is damaged.

    Source: He et al., arXiv 1512.03385, in the bottleneck form of the RAS paper,
    arXiv 2210.15676; published initializers (He normal over the fan-out,
    uniform within 1/sqrt(fan-in) for the classifier).
    """
    normalize = normalization if batch_norm else _unchanged

    def body(x):
        x = normalize(convolution(x, STAGE_FILTERS[0] // EXPANSION, 3, "stem"), "stem")
        return residual_stages(
            relu(x, "stem_relu"),
            partial(_bottleneck, normalize, skip),
            filters=STAGE_FILTERS,
            blocks=blocks(depth),
            attention=attention,
            attention_config=attention_config,
            attention_stages=attention_stages,
        )

    return image_classifier(body, name or f"resnet{depth}", **kwargs)


def _bottleneck(normalize, skip, x, filters, strides, attention, name):
    shortcut = x
    if skip and not fits(x, filters, strides):
        shortcut = convolution(x, filters, 1, f"{name}_shortcut", strides)
        shortcut = normalization(shortcut, f"{name}_shortcut")
    width = filters // EXPANSION
    x = normalize(convolution(x, width, 1, f"{name}_1"), f"{name}_1")
    x = relu(x, f"{name}_1_relu")
    x = normalize(convolution(x, width, 3, f"{name}_2", strides), f"{name}_2")
    x = relu(x, f"{name}_2_relu")
    x = normalize(convolution(x, filters, 1, f"{name}_3"), f"{name}_3")
    x = attention(x, name)
    if skip:
        x = layers.Add(name=f"{name}_add")([x, shortcut])
    return relu(x, f"{name}_out")


def _unchanged(x, name):
    return x


def _of_depth(depth):
    def network(attention: AttentionLike = "ras", **kwargs) -> keras.Model:
        return ResNet(depth, attention, **kwargs)

    network.__name__ = network.__qualname__ = f"ResNet{depth}"
    network.__doc__ = f"`ResNet` of depth {depth}; takes the other arguments of `ResNet`."
    return network


ResNet83 = _of_depth(83)
ResNet164 = _of_depth(164)
ResNet245 = _of_depth(245)
ResNet326 = _of_depth(326)
ResNet407 = _of_depth(407)
