"""The bottleneck attention module."""

from typing import Literal

import keras
from keras import ops

from ras_keras.layers.attention import Attention, Tensor
from ras_keras.layers.parts.convolutions import map_convolution, map_normalization
from ras_keras.layers.parts.transforms import dense, reduced, set_to_zero
from ras_keras.values.checks import check_at_least_one, check_one_of

COMBINATIONS = ("sum", "product")
# Of 3x3 convolutions in the branch of places.
DILATED = 2


@keras.saving.register_keras_serializable(package="ras_keras")
class BottleneckAttention(Attention):
    """Bottleneck attention module (BAM): a gate of channels and one of places at once.

        c = W_2 relu(BN(W_1 X' + b_1)) + b_2               (N, 1, 1, C)
        s = K_4 * r(K_3 * r(K_2 * r(K_1 * X)))             (N, H, W, 1)
        M = sigmoid(c + s)                                 (N, H, W, C)
        Y = X + X * M

    X' is the mean over the places, r a batch normalization and a ReLU. K_1 is a
    1x1 convolution to C/r channels, K_2 and K_3 are dilated 3x3 ones, K_4 is a
    1x1 one to a single channel, all with biases.

    Paper and authors' code differ. The paper adds c and s, Eq. (3), as the
    default here; the code multiplies them: `combination="product"`. The
    normalizations stand where the code has them, behind each hidden layer; the
    paper names one more behind c and s. The paper puts the module between the
    stages of a network, this package on the branch of a block.

    Trainable parameters for C channels and h = C/r: 3Ch + 18h^2 + 13h + C + 1.

    Input and output shape: (N, H, W, C), or (N, C, H, W) with channels first; H and W
    may be unknown.

    Args:
        reduction_ratio: r, from 1 to C; C/r is rounded down.
        dilation: of the 3x3 convolutions.
        combination: of c and s, "sum" or "product".
        data_format: "channels_last", "channels_first" or None for Keras's
            setting.
        gain: what 1 + M is multiplied by; 1 as published.

    Raises:
        ValueError: for a `reduction_ratio` that is no integer from 1 to C, a
            `dilation` that is no integer >= 1, an unknown `combination`, and as
            `Attention` does.

    Source: arXiv 1807.06514, Eqs. (1) to (6), and its authors' code.
    """

    def __init__(
        self,
        reduction_ratio: int = 16,
        dilation: int = 4,
        combination: Literal["sum", "product"] = "sum",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.reduction_ratio = check_at_least_one("reduction_ratio", reduction_ratio)
        self.dilation = check_at_least_one("dilation", dilation, 1000)
        check_one_of("combination", combination, COMBINATIONS)
        self.combination = combination

    def build(self, input_shape):
        channels = self.fix_channels(input_shape)
        hidden = reduced(channels, self.reduction_ratio)
        self.reduce = dense(channels, hidden, name="reduce")
        self.normalization = map_normalization((None, hidden), "normalization")
        self.expand = dense(hidden, channels, name="expand")
        convolutions = [map_convolution(hidden, 1, "places_reduce", channels)]
        for i in range(1, DILATED + 1):
            name = f"places_dilated{i}"
            convolutions.append(
                map_convolution(hidden, 3, name, hidden, dilation_rate=self.dilation)
            )
        self.convolutions = convolutions
        self.normalizations = [
            map_normalization((None, None, None, hidden), f"{each.name}_normalization")
            for each in convolutions
        ]
        self.places = map_convolution(1, 1, "places", hidden)
        self.built = True

    def mask(self, x: Tensor, training: bool | None = False) -> Tensor:
        """M: float32 (N, H, W, C)."""
        self.make_built(x)
        v = self.normalization(self.reduce(self.pool(x)), training=training)
        c = self.expand(ops.relu(v))[:, None, None]
        s = self.channels_last(x)
        for convolution, normalization in zip(self.convolutions, self.normalizations, strict=True):
            s = ops.relu(normalization(convolution(s), training=training))
        s = self.places(s)
        return ops.sigmoid(c + s if self.combination == "sum" else c * s)

    def attention_map(self, x: Tensor) -> Tensor:
        """The mean of M over the channels: float32 (N, H, W)."""
        return ops.mean(self.mask(x), axis=-1)

    def call(self, x, training=None):
        return self.weigh(x, self.in_format(1 + self.mask(x, training=training)))

    def start_constant(self) -> float:
        set_to_zero(self.expand)
        if self.combination == "sum":
            set_to_zero(self.places)
        return 1.5

    def get_config(self):
        return {
            **super().get_config(),
            "reduction_ratio": self.reduction_ratio,
            "dilation": self.dilation,
            "combination": self.combination,
        }
