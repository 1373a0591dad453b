"""ResNet and ResNeXt at ImageNet size, with attention and aggregation as plugs."""

from collections.abc import Sequence
from functools import partial

import keras
from keras import layers

from ras_keras.layers.registry import AttentionLike
from ras_keras.models.aggregation import Aggregation, AggregationLike, make_aggregation
from ras_keras.models.parts.classifier import image_classifier
from ras_keras.models.parts.layers import NormalizationLike, batch_normalize, convolution, relu
from ras_keras.models.parts.stages import Depths, check_depth, residual_stages
from ras_keras.models.resnet import EXPANSION, post_activation_end, projection
from ras_keras.models.resnext import check_groups
from ras_keras.pixels import IMAGENET_MEAN, IMAGENET_VARIANCE

STEM_FILTERS = 64
STAGE_FILTERS = (64, 128, 256, 512)
STAGES = (1, 2, 3, 4)
FIRST_LEVEL = 2
# Of each depth, whether its blocks are bottlenecks, and how many each stage has.
DEPTHS = {
    18: (False, (2, 2, 2, 2)),
    34: (False, (3, 4, 6, 3)),
    50: (True, (3, 4, 6, 3)),
    101: (True, (3, 4, 23, 3)),
    152: (True, (3, 8, 36, 3)),
}


def blocks(depth: int) -> tuple[bool, tuple[int, ...]]:
    """Whether a network of this depth has bottlenecks, and the blocks of its stages.

    Raises:
        ValueError: for another depth, naming the nearest.
    """
    check_depth(depth, DEPTHS)
    return DEPTHS[depth]


def depths(cardinality: int = 1, base_width: int = 64) -> Depths:
    """All depths; of a ResNeXt those with bottlenecks."""
    if (cardinality, base_width) == (1, 64):
        return Depths(published=50, least=18, check=blocks)

    def check(depth):
        check_depth(
            depth,
            [each for each, (bottlenecks, _) in DEPTHS.items() if bottlenecks],
            " unless `cardinality` is 1 and `base_width` 64",
        )

    return Depths(published=50, least=50, check=check)


def ImageNetResNet(
    depth: int = 50,
    attention: AttentionLike = None,
    attention_config: dict | None = None,
    attention_stages: Sequence[int] = STAGES,
    aggregation: AggregationLike = None,
    aggregation_config: dict | None = None,
    cardinality: int = 1,
    base_width: int = 64,
    use_bias: bool = False,
    zero_init: bool | None = None,
    normalization: NormalizationLike = "batch_norm",
    *,
    include_top: bool = True,
    weights: str | None = None,
    input_shape: Sequence[int | None] = (224, 224, 3),
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: str | None = "softmax",
    features_only: bool = False,
    mean: Sequence[float] = IMAGENET_MEAN,
    variance: Sequence[float] = IMAGENET_VARIANCE,
    name: str | None = None,
) -> keras.Model:
    """Builds a ResNet or ResNeXt of four stages, as the papers have it for ImageNet.

    A 7x7 stem of 64 filters at stride 2 and a 3x3 max pooling at stride 2,
    padded by a pixel on every side; four stages at strides 1, 2, 2 and 2;
    global average pooling; a dense classifier. Depths 18 and 34 have basic
    blocks of two 3x3 convolutions to 64, 128, 256 and 512 channels, the others
    bottlenecks to four times as many, with the stride in their 3x3 convolution.

    Args:
        depth: 18, 34, 50, 101 or 152.
        attention: as for `ResNet`.
        attention_config: constructor arguments of an attention given by name.
        attention_stages: the stages that have attention, of 1, 2, 3 and 4.
        aggregation: as for `ResNet`.
        aggregation_config: constructor arguments of an aggregation given by name.
        cardinality: groups of a bottleneck's 3x3 convolution, an integer from 1
            to 1,024.
        base_width: channels of a group in the first stage, an integer from 1 to
            1,024; 64 in one group is a ResNet, 4 in 32 a ResNeXt 32x4d.
        use_bias: whether the convolutions have biases, as some networks of the
            DIANet paper have.
        zero_init: whether the last batch normalization of a branch starts with
            a scale of 0; None is as released, with an aggregation.
        normalization: "batch_norm", or "iebn" for instance enhancement batch
            normalization (arXiv 1908.04008) in its place.
        include_top: as for `ras_keras.models.image_classifier`, as are the
            arguments that follow it. The pyramid of `features_only` is "P2" to
            "P5", without the aggregation's state.
        weights: a file to start from.
        input_shape: (H, W, channels).
        pooling: without the top: None, "avg" or "max".
        classes: of the classifier.
        classifier_activation: None for logits.
        features_only: whether the model gives the maps of its stages.
        mean: of each channel, in pixel units.
        variance: of each channel, in squared pixel units.
        name: of the model, "imagenet_resnet<depth>" if None.

    Returns:
        A functional `keras.Model` from raw pixels (N, H, W, channels) to
        (N, classes), or without the top to (N, ceil(H/32), ceil(W/32), C) or
        (N, C); C is 512, of bottlenecks 2,048, and an aggregation's channels more.

    Raises:
        ValueError: for an argument that does not fit, naming it.
        UserError: for a file of weights that is damaged.

    Source: He et al., arXiv 1512.03385; Xie et al., arXiv 1611.05431; with
    aggregation, arXiv 2110.11852.
    """
    check_groups(cardinality, base_width)
    depths(cardinality, base_width).check(depth)
    bottleneck, counts = blocks(depth)
    aggregate = make_aggregation(aggregation, aggregation_config)
    convolve = partial(convolution, use_bias=use_bias)
    if zero_init is None:
        zero_init = type(aggregate) is not Aggregation
    last = partial(batch_normalize, gamma_initializer="zeros") if zero_init else batch_normalize
    block = partial(_basic, convolve, last)
    if bottleneck:
        block = partial(_bottleneck, convolve, last, cardinality, base_width)

    def body(x):
        x = relu(batch_normalize(convolve(x, STEM_FILTERS, 7, "stem", 2), "stem"), "stem_relu")
        # The map is not negative, so that zeros around it change no maximum.
        x = layers.ZeroPadding2D(1, name="stem_pooling_padding")(x)
        x = layers.MaxPooling2D(3, 2, name="stem_pooling")(x)
        return residual_stages(
            x,
            block,
            filters=[(EXPANSION if bottleneck else 1) * filters for filters in STAGE_FILTERS],
            blocks=counts,
            attention=attention,
            attention_config=attention_config,
            attention_stages=attention_stages,
            aggregation=aggregate,
        )

    return image_classifier(
        body,
        name or f"imagenet_resnet{depth}",
        end=aggregate.leave,
        first_level=FIRST_LEVEL,
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


def _basic(convolve, last, x, filters, strides, plugs, name):
    shortcut = projection(x, filters, strides, name, convolve)
    x = plugs.aggregation.enter(x, name)
    x = batch_normalize(convolve(x, filters, 3, f"{name}_1", strides), f"{name}_1")
    x = relu(x, f"{name}_1_relu")
    x = last(convolve(x, filters, 3, f"{name}_2"), f"{name}_2")
    return post_activation_end(x, shortcut, strides, plugs, name)


def _bottleneck(convolve, last, cardinality, base_width, x, filters, strides, plugs, name):
    width = cardinality * base_width * filters // (EXPANSION * STAGE_FILTERS[0])
    shortcut = projection(x, filters, strides, name, convolve)
    x = plugs.aggregation.enter(x, name)
    x = relu(batch_normalize(convolve(x, width, 1, f"{name}_1"), f"{name}_1"), f"{name}_1_relu")
    x = convolve(x, width, 3, f"{name}_2", strides, groups=cardinality)
    x = relu(batch_normalize(x, f"{name}_2"), f"{name}_2_relu")
    x = last(convolve(x, filters, 1, f"{name}_3"), f"{name}_3")
    return post_activation_end(x, shortcut, strides, plugs, name)


ResNet18 = partial(ImageNetResNet, 18, name="resnet18")
ResNet34 = partial(ImageNetResNet, 34, name="resnet34")
ResNet50 = partial(ImageNetResNet, 50, name="resnet50")
ResNet101 = partial(ImageNetResNet, 101, name="resnet101")
ResNet152 = partial(ImageNetResNet, 152, name="resnet152")
_ResNeXt_32x4d = partial(ImageNetResNet, cardinality=32, base_width=4)
ResNeXt50_32x4d = partial(_ResNeXt_32x4d, 50, name="resnext50_32x4d")
ResNeXt101_32x4d = partial(
    ImageNetResNet, 101, name="resnext101_32x4d", cardinality=32, base_width=4
)
RLAResNet50 = partial(ResNet50, name="rla_resnet50", aggregation="rla")
RLAResNet101 = partial(ResNet101, name="rla_resnet101", aggregation="rla")
RLAResNet152 = partial(ResNet152, name="rla_resnet152", aggregation="rla")
RLAResNeXt50_32x4d = partial(ResNeXt50_32x4d, name="rla_resnext50_32x4d", aggregation="rla")
RLAResNeXt101_32x4d = partial(ResNeXt101_32x4d, name="rla_resnext101_32x4d", aggregation="rla")
