"""The convolutions and normalizations of maps that gates are made of, built and in float32."""

from collections.abc import Sequence

import keras

from ras_keras.layers.parts.batch_normalization import BatchNormalization


def map_convolution(
    filters: int,
    kernel_size: int,
    name: str,
    channels: int,
    *,
    data_format: str = "channels_last",
    **options,
) -> keras.layers.Conv2D:
    """A convolution that keeps the size of its map; it starts by He's rule over the fan-out.

    Args:
        filters: of it.
        kernel_size: of both sides, odd.
        name: of the layer.
        channels: of its input.
        data_format: of its input.
        **options: of `keras.layers.Conv2D`.
    """
    layer = keras.layers.Conv2D(
        filters,
        kernel_size,
        padding="same",
        kernel_initializer=he_normal_over_fan_out(),
        data_format=data_format,
        dtype="float32",
        name=name,
        **options,
    )
    first = data_format == "channels_first"
    layer.build((None, channels, None, None) if first else (None, None, None, channels))
    return layer


def he_normal_over_fan_out() -> keras.initializers.Initializer:
    """N(0, sqrt(2 / (kernel_size^2 * filters))), not truncated."""
    return keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal")


def map_normalization(shape: Sequence[int | None], name: str, **options) -> BatchNormalization:
    """A batch normalization of inputs of this shape, with options of `BatchNormalization`."""
    layer = BatchNormalization(dtype="float32", name=name, **options)
    layer.build(tuple(shape))
    return layer
