"""Means over windows of positions, of maps of any size."""

from keras import ops

from ras_keras.layers.attention import Tensor


def adaptive_windows(size, bins: int) -> Tensor:
    """The windows of adaptive pooling: bin i reaches from i * size / bins to (i + 1) * size / bins.

    Args:
        size: how many positions there are, a number or an integer tensor.
        bins: how many windows; those of a size that they do not divide overlap.

    Returns:
        float32 (bins, size), whose rows average the positions of a window.
    """
    first = ops.arange(bins, dtype="int32") * size // bins
    last = -(-(ops.arange(1, bins + 1, dtype="int32") * size) // bins)
    return _means(size, first, last)


def strided_windows(size, stride: int) -> Tensor:
    """Windows of 2 * stride - 1 positions, `stride` apart, the first around position 0.

    At the borders they hold the positions that exist.

    Returns:
        float32 (size / stride rounded up, size), as `adaptive_windows`.
    """
    centre = ops.arange(0, size, stride, dtype="int32")
    return _means(size, centre - (stride - 1), centre + stride)


def _means(size, first, last):
    places = ops.arange(size, dtype="int32")
    inside = (places[None, :] >= first[:, None]) & (places[None, :] < last[:, None])
    inside = ops.cast(inside, "float32")
    return inside / ops.sum(inside, axis=1, keepdims=True)
