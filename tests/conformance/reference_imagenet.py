"""Networks at ImageNet size in plain numpy: ResNet, MobileNetV2 and Xception.

Sources: torchvision's ResNet, with RLA as released; MobileNetV2 as released with RLA; Xception as
in keras.applications, with RLA behind the first ReLU of each block.
"""

import numpy as np

from tests.conformance.reference_layers import Array, Weights, conv2d, depthwise_conv2d, relu
from tests.conformance.reference_networks import basic_block, bottleneck_block, projection
from tests.conformance.reference_parts import (
    IMAGENET_PIXELS,
    XCEPTION_PIXELS,
    Attention,
    Stage,
    convolution,
    head,
    max_pool,
    norm,
    normalized_pixels,
    run_stages,
    same_pool,
)

BLOCKS = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3)}
MOBILE_WIDTHS = (16, 24, 32, 64, 96, 160, 320)
MOBILE_BLOCKS = (1, 2, 3, 4, 3, 3, 1)
MOBILE_STRIDES = (1, 2, 2, 2, 1, 2, 1)


def imagenet_resnet(
    images: Array,
    weights: Weights,
    depth: int,
    classes: int = 10,
    attention: Attention | None = None,
    aggregation=None,
) -> Array:
    """7x7 stem and 3x3 max pooling at stride 2, four stages of basic or bottleneck blocks."""
    x = convolution(normalized_pixels(images, IMAGENET_PIXELS), "stem", 64, 7, weights, 2)
    x = max_pool(relu(norm(x, "stem", weights)), 3, 2, 1, 1)
    block, widths = bottleneck_block(4, 1), (256, 512, 1024, 2048)
    if depth == 18:
        block, widths = basic_block(projected=True), (64, 128, 256, 512)
    x, h = run_stages(x, block, widths, BLOCKS[depth], weights, attention, aggregation)
    return head(h.leave(x), classes, weights)


def mobilenet_v2(
    images: Array, weights: Weights, classes: int = 10, attention=None, aggregation=None
) -> Array:
    """Inverted residual blocks between a 3x3 convolution at stride 2 and a 1x1 one to 1,280."""
    x = convolution(normalized_pixels(images, IMAGENET_PIXELS), "stem", 32, 3, weights, 2)
    x, h = run_stages(
        relu6(norm(x, "stem", weights)),
        inverted_block,
        MOBILE_WIDTHS,
        MOBILE_BLOCKS,
        weights,
        attention,
        aggregation,
        MOBILE_STRIDES,
    )
    x = convolution(h.leave(x, relu6), "last", 1280, 1, weights)
    return head(relu6(norm(x, "last", weights)), classes, weights)


def inverted_block(x: Array, name: str, width: int, stride: int, stage: Stage) -> Array:
    """x + bn(conv1(relu6(bn(depthwise3(cat(relu6(bn(conv1(x))), h)))))), x where shapes agree.

    The first convolution has six times the channels of x; the first block has none.
    """
    weights, y = stage.weights, x
    if name != "stage1_block1":
        y = convolution(x, f"{name}_expand", 6 * x.shape[-1], 1, weights)
        y = relu6(norm(y, f"{name}_expand", weights))
    y = stage.aggregation.join(y)
    kernel = weights(f"{name}_depthwise_conv/kernel", (3, 3, y.shape[-1], 1))
    y = relu6(norm(depthwise_conv2d(y, kernel, stride), f"{name}_depthwise", weights))
    y = convolution(y, f"{name}_project", width, 1, weights)
    y = stage.attend(norm(y, f"{name}_project", weights), name)
    output = x + y if stride == 1 and x.shape[-1] == width else y
    stage.aggregation.update(name, stride, branch=y, output=output)
    return output


def xception(
    images: Array, weights: Weights, classes: int = 10, attention=None, aggregation=None
) -> Array:
    """Two 3x3 convolutions without padding, twelve blocks and two separable 3x3 convolutions."""
    x = normalized_pixels(images, XCEPTION_PIXELS)
    for i, (filters, stride) in enumerate([(32, 2), (64, 1)], start=1):
        kernel = weights(f"stem_{i}_conv/kernel", (3, 3, x.shape[-1], filters))
        x = conv2d(x, kernel)[:, 1:-1, 1:-1][:, ::stride, ::stride]
        x = relu(norm(x, f"stem_{i}", weights))
    x, h = run_stages(
        x,
        xception_block,
        (128, 256, 728, 728, 1024),
        (1, 1, 1, 8, 1),
        weights,
        attention,
        aggregation,
        (2, 2, 2, 1, 2),
    )
    for filters in (1536, 2048):
        x = relu(separable(x, f"last_{filters}", filters, weights))
    return head(h.leave(x), classes, weights)


def xception_block(x: Array, name: str, width: int, stride: int, stage: Stage) -> Array:
    """shortcut(x) + maxpool3(sep(relu(sep(relu(x))))), sep with a BN behind it.

    The middle blocks have three separable convolutions and neither pooling nor projection.
    """
    weights = stage.weights
    widths = {"stage4": (728, 728, 728), "stage5": (728, 1024)}.get(stage.name, (width, width))
    y = x if name == "stage1_block1" else relu(x)  # the stem has rectified it
    y = separable(stage.aggregation.join(y), f"{name}_1", widths[0], weights)
    for i, filters in enumerate(widths[1:], start=2):
        y = separable(relu(y), f"{name}_{i}", filters, weights)
    if stride == 2:
        y = same_pool(y, 3)
        x = projection(x, name, width, 2, weights)
    y = stage.attend(y, name)
    stage.aggregation.update(name, stride, branch=y, shortcut=x, output=x + y)
    return x + y


def separable(x: Array, name: str, filters: int, weights: Weights) -> Array:
    """bn(conv1(depthwise3(x)))."""
    kernel = weights(f"{name}_conv/depthwise_kernel", (3, 3, x.shape[-1], 1))
    y = depthwise_conv2d(x, kernel)
    y = conv2d(y, weights(f"{name}_conv/pointwise_kernel", (1, 1, x.shape[-1], filters)))
    return norm(y, name, weights)


def relu6(v: Array) -> Array:
    """max(min(v, 6), 0)."""
    return np.clip(v, 0, 6)
