"""Frequency channel attention."""

import keras
import numpy as np
from keras import ops

from ras_keras.errors import ArgumentError
from ras_keras.layers.attention import Tensor
from ras_keras.layers.squeeze_excitation import SqueezeExcitation
from ras_keras.values.checks import check_one_of

COUNTS = (1, 2, 4, 8, 16, 32)
# Down and across a map of 7x7, the best first, as the authors found them on ImageNet.
GRID = 7
FREQUENCIES = (
    *((0, 0), (0, 1), (6, 0), (0, 5), (0, 2), (1, 0), (1, 2), (4, 0)),
    *((5, 0), (1, 6), (3, 0), (0, 4), (0, 6), (0, 3), (3, 5), (2, 2)),
    *((4, 6), (6, 3), (3, 3), (5, 3), (5, 5), (2, 1), (6, 1), (5, 2)),
    *((5, 4), (3, 2), (3, 1), (4, 1), (2, 3), (2, 0), (6, 5), (1, 3)),
)


@keras.saving.register_keras_serializable(package="ras_keras")
class FrequencyChannelAttention(SqueezeExcitation):
    """Frequency channel attention (FcaNet): squeeze and excitation of cosine coefficients.

        X'_c = sum over the places (i, j) of X_c B_u(i, H) B_v(j, W)          (N, C)
        B_u(i, L) = cos(pi u (i + 1/2) / L) s / sqrt(L), s = 1 for u = 0, else sqrt(2)
        V    = sigmoid(W_2 relu(W_1 X'))
        Y    = X * V

    The channels fall into as many groups as there are frequencies (u, v), each
    with one of its own. The frequencies of a 7x7 map are, as (down, across):

        (0, 0) (0, 1) (6, 0) (0, 5) (0, 2) (1, 0) (1, 2) (4, 0)
        (5, 0) (1, 6) (3, 0) (0, 4) (0, 6) (0, 3) (3, 5) (2, 2)
        (4, 6) (6, 3) (3, 3) (5, 3) (5, 5) (2, 1) (6, 1) (5, 2)
        (5, 4) (3, 2) (3, 1) (4, 1) (2, 3) (2, 0) (6, 5) (1, 3)

    A larger map has them times H / 7 and W / 7, rounded down. The frequency
    (0, 0) is the mean times sqrt(HW). The authors' code first brings a map to the
    size that its stage has on ImageNet; here the map's own size is taken.

    Trainable parameters for C channels: 2C(C/r), with biases C/r + C more. A
    connection adds 2C, `shared=False` multiplies the transform by k.

    Args:
        frequencies: how many of them, from the first on: 1, 2, 4, 8, 16 or 32.
        reduction_ratio: r, from 1 to C; C/r is rounded down.
        use_bias: whether there are biases; the original has none.
        **kwargs: of `ChannelAttention`: `k`, `normalize_input`, `shared`,
            `connection`, `shared_connection`, `momentum`, `epsilon`,
            `data_format`, `gain`.

    Input shape: (N, H, W, C), or (N, C, H, W) with channels first; H and W must
    be known, and at least 7 for more than one frequency. C must be a multiple of
    `frequencies`.

    Output shape: the input's.

    Raises:
        ValueError: for another number of `frequencies`, one that does not divide
            C, a map that is too small or of unknown size, and as
            `SqueezeExcitation` does.

    Source: arXiv 2012.11879, Eqs. (7) to (11), with the frequencies and the scale of
    its authors' code.
    """

    def __init__(
        self, frequencies: int = 16, reduction_ratio: int = 16, use_bias: bool = False, **kwargs
    ):
        super().__init__(reduction_ratio, use_bias, **kwargs)
        check_one_of("frequencies", frequencies, COUNTS)
        self.frequencies = int(frequencies)

    def build(self, input_shape):
        channels = self.channels(input_shape)
        if channels % self.frequencies:
            raise ArgumentError.of(
                "frequencies",
                f"must divide the number of channels, here {channels}",
                self.frequencies,
            )
        self._checked_size(input_shape)
        super().build(input_shape)

    def _checked_size(self, shape):
        size = [shape[axis] for axis in self.spatial_axes]
        if None in size:
            raise ValueError(
                "frequency channel attention needs a map of known size: give the network's input "
                f"one. Received: shape={tuple(shape)}"
            )
        if self.frequencies > 1 and min(size) < GRID:
            raise ArgumentError.of(
                "frequencies",
                f"must be 1 for a map of {size[0]}x{size[1]}; more need at least {GRID} rows and "
                "columns",
                self.frequencies,
            )
        return size

    def pool(self, x: Tensor) -> Tensor:
        height, width = self._checked_size(x.shape)
        x = self.channels_last(x)
        down, across = zip(*FREQUENCIES[: self.frequencies], strict=True)
        rows = [cosine(u * (height // GRID), height) for u in down]
        columns = [cosine(v * (width // GRID), width) for v in across]
        basis = np.einsum("fh,fw->hwf", rows, columns)
        basis = np.repeat(basis, x.shape[-1] // self.frequencies, axis=-1)
        return ops.sum(x * ops.convert_to_tensor(basis, "float32"), axis=(1, 2))

    def get_config(self):
        return {**super().get_config(), "frequencies": self.frequencies}


def cosine(frequency: int, length: int) -> np.ndarray:
    """B_u: the function of the discrete cosine transform of this frequency, (length,)."""
    wave = np.cos(np.pi * frequency * (np.arange(length) + 0.5) / length)
    return wave * ((2 if frequency else 1) / length) ** 0.5
