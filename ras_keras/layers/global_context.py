"""The global context block."""

from typing import Literal

import keras
from keras import ops

from ras_keras.layers.attention import Attention, Tensor
from ras_keras.layers.parts.transforms import dense, reduced, set_to_zero
from ras_keras.values.checks import check_at_least_one, check_one_of

FUSIONS = ("add", "multiply")


@keras.saving.register_keras_serializable(package="ras_keras")
class GlobalContext(Attention):
    """Global context block (GC): one weighted mean of all places, for each of them.

        a  = softmax of w X + b over the places      (N, H, W)
        X' = sum of a X                              (N, C)
        T  = W_2 relu(LN(W_1 X' + b_1)) + b_2        (N, C)
        Y  = X + T            fusion "add"
        Y  = X * sigmoid(T)   fusion "multiply"

    W_1 is (C/r, C), W_2 is (C, C/r); LN is a layer normalization with epsilon
    1e-5. W_2 and b_2 start at 0, so that with "add" Y = X at the start.

    Trainable parameters for C channels: 2C(C/r) + 2C + 3(C/r) + 1.

    Input and output shape: (N, H, W, C), or (N, C, H, W) with channels first; H and W
    may be unknown.

    Args:
        reduction_ratio: r, from 1 to C; C/r is rounded down.
        fusion: "add" as published, or "multiply", an option of the authors' code.
        data_format: "channels_last", "channels_first" or None for Keras's
            setting.
        gain: what the gate of "multiply" is multiplied by; 1 as published.

    Raises:
        ValueError: for a `reduction_ratio` that is no integer from 1 to C, an
            unknown `fusion`, and as `Attention` does.

    Source: arXiv 1904.11492, Eq. (5), with the starts of its authors' code.
    """

    def __init__(
        self,
        reduction_ratio: int = 16,
        fusion: Literal["add", "multiply"] = "add",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.reduction_ratio = check_at_least_one("reduction_ratio", reduction_ratio)
        check_one_of("fusion", fusion, FUSIONS)
        self.fusion = fusion

    def build(self, input_shape):
        channels = self.fix_channels(input_shape)
        hidden = reduced(channels, self.reduction_ratio)
        self.places = dense(channels, 1, name="places")
        self.reduce = dense(channels, hidden, name="reduce")
        self.normalization = keras.layers.LayerNormalization(
            epsilon=1e-5, dtype="float32", name="normalization"
        )
        self.normalization.build((None, hidden))
        zeros = {"kernel_initializer": "zeros", "bias_initializer": "zeros"}
        self.expand = dense(hidden, channels, name="expand", **zeros)
        self.built = True

    def attention_map(self, x: Tensor) -> Tensor:
        """a, which sums to 1 over the places: float32 (N, H, W)."""
        self.make_built(x)
        x = self.channels_last(x)
        _, height, width, _ = ops.shape(x)
        a = ops.softmax(ops.reshape(self.places(x), (-1, height * width)))
        return ops.reshape(a, (-1, height, width))

    def transformed(self, x: Tensor) -> Tensor:
        """T: float32 (N, C)."""
        context = ops.einsum("nhw,nhwc->nc", self.attention_map(x), self.channels_last(x))
        return self.expand(ops.relu(self.normalization(self.reduce(context))))

    def gate(self, x: Tensor, training: bool | None = False) -> Tensor:
        """sigmoid(T), what "multiply" multiplies by: float32 (N, C).

        Raises:
            ValueError: for "add", which has no gate.
        """
        if self.fusion != "multiply":
            raise ValueError(f"a gate needs fusion='multiply'. Received: fusion={self.fusion!r}")
        return ops.sigmoid(self.transformed(x))

    def call(self, x):
        if self.fusion == "multiply":
            return self.scale(x, self.gate(x))
        return x + ops.expand_dims(ops.cast(self.transformed(x), x.dtype), self.spatial_axes)

    def start_constant(self) -> float:
        set_to_zero(self.expand)
        return 1.0 if self.fusion == "add" else 0.5

    def get_config(self):
        return {
            **super().get_config(),
            "reduction_ratio": self.reduction_ratio,
            "fusion": self.fusion,
        }
