"""The feature pyramid network: every level's map knows of the coarser ones."""

from keras import layers


def feature_pyramid(maps: dict, channels: int) -> list:
    """Maps P3 to P7 of `channels` channels at strides 8 to 128.

    1x1 convolutions of C3 to C5, to each of which the coarser one is added at twice its size, then
    3x3 convolutions; P6 and P7 are 3x3 convolutions at stride 2, of C5 and of P6, without a ReLU
    between them.

    Args:
        maps: of a backbone, "P3" to "P5" among them.
        channels: of each level.

    Source: Lin et al., arXiv 1612.03144, section 3; P6 and P7, arXiv 1708.02002, footnote 2.
    """
    inner: dict = {}
    for level in (5, 4, 3):
        x = _convolution(channels, 1, f"fpn_{level}_lateral")(maps[f"P{level}"])
        if level < 5:
            coarser = layers.UpSampling2D(2, name=f"fpn_{level}_upsampling")(inner[level + 1])
            x = layers.Add(name=f"fpn_{level}_add")([x, _cut(coarser, x, f"fpn_{level}_cropping")])
        inner[level] = x
    pyramid = [_convolution(channels, 3, f"fpn_{level}")(inner[level]) for level in (3, 4, 5)]
    x = maps["P5"]
    for level in (6, 7):
        # At stride 2 Keras's "same" pads an even map on one side only.
        x = layers.ZeroPadding2D(1, name=f"fpn_{level}_padding")(x)
        x = layers.Conv2D(channels, 3, 2, kernel_initializer="glorot_uniform", name=f"fpn_{level}")(
            x
        )
        pyramid.append(x)
    return pyramid


def _cut(x, like, name):
    """A map at twice a rounded size without the row or column too many."""
    rows, columns = (x.shape[i] - like.shape[i] for i in (1, 2))
    if rows or columns:
        x = layers.Cropping2D(((0, rows), (0, columns)), name=name)(x)
    return x


def _convolution(channels, size, name):
    return layers.Conv2D(
        channels, size, padding="same", kernel_initializer="glorot_uniform", name=name
    )
