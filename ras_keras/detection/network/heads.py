"""What a detector says of each anchor: its classes and how far its object is off."""

import math

import keras
from keras import layers

from ras_keras.detection.network.anchors import LEVELS, PER_PLACE

DEPTH = 4
# Of the kernels at the published 256 channels. Fewer channels need larger ones, or hardly anything
# of the pyramid comes through.
DEVIATION, CHANNELS = 0.01, 256
# Of an object, at the start of training: else the many anchors without one cost most of the loss.
PRIOR = 0.01


def head(pyramid: list, outputs: int, of: str, channels: int, prior: bool = False):
    """Four 3x3 convolutions with ReLUs and one to the outputs, the same at every level.

    Args:
        pyramid: maps (N, H, W, C).
        outputs: numbers of an anchor.
        of: what they are, the beginning of the layers' names.
        channels: of the convolutions between.
        prior: whether the outputs' biases start at the logit of 0.01.

    Returns:
        float32, (N, anchors, outputs), level by level.

    Source: Lin et al., arXiv 1708.02002, section 4 and Fig. 3.
    """
    bias = keras.initializers.Constant(-math.log((1 - PRIOR) / PRIOR)) if prior else "zeros"
    deviation = DEVIATION * (CHANNELS / channels) ** 0.5

    def convolution(filters, name, **options):
        start = keras.initializers.RandomNormal(stddev=deviation)
        return layers.Conv2D(
            filters, 3, padding="same", kernel_initializer=start, name=f"{of}_{name}", **options
        )

    tower = [convolution(channels, f"{i + 1}", activation="relu") for i in range(DEPTH)]
    tower.append(convolution(outputs * PER_PLACE, "output", bias_initializer=bias))
    levels = []
    for number, x in zip(LEVELS, pyramid, strict=True):
        for layer in tower:
            x = layer(x)
        levels.append(
            layers.Reshape((-1, outputs), dtype="float32", name=f"{of}_of_anchors_{number}")(x)
        )
    return layers.Concatenate(1, dtype="float32", name=of)(levels)
