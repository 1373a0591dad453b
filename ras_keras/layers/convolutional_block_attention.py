"""The convolutional block attention module."""

import keras
from keras import ops

from ras_keras.layers.attention import Attention, Tensor
from ras_keras.layers.parts.convolutions import map_convolution, map_normalization
from ras_keras.layers.parts.transforms import Bottleneck, check_odd, reduced, set_to_zero
from ras_keras.values.checks import check_at_least_one


@keras.saving.register_keras_serializable(package="ras_keras")
class ConvolutionalBlockAttention(Attention):
    """Convolutional block attention module (CBAM): a gate of channels, then one of places.

        V  = sigmoid(f(mean of X) + f(maximum of X))          (N, C)
        X1 = X * V
        S  = sigmoid(BN(W * [maximum, mean of X1 over C]))    (N, H, W, 1)
        Y  = X1 * S

    f is one bottleneck, C to C/r to C, used for both pooled vectors; W is a
    convolution without bias. It is applied once: it has no recurrence.

    The scale of the batch normalization starts at 0, as published: S is 0.5
    everywhere and W gets no gradient until the scale has moved.

    No per-block form of this module has the four parameter counts that RAS's
    Table 1 prints for it; this is the original setting.

    Trainable parameters for C channels: 2C(C/r) + C/r + C for f, 2 kernel_size^2
    for W, 2 for the normalization.

    Input and output shape: (N, H, W, C), or (N, C, H, W) with channels first; H and W
    may be unknown.

    Args:
        reduction_ratio: r, from 1 to C; C/r is rounded down.
        kernel_size: of W, odd.
        use_bias: whether f has biases; they start at 0.
        normalize_spatial: False gives W a bias instead of the normalization
            behind it, the form of a folded model.
        data_format: "channels_last", "channels_first" or None for Keras's
            setting.
        gain: what the gate is multiplied by; 1 as published.

    Raises:
        ValueError: for a `reduction_ratio` that is no integer from 1 to C, an
            even `kernel_size`, and as `Attention` does.

    Source: arXiv 1807.06521, Eqs. (1) to (3); the normalization (momentum 0.99)
    and the starts are those of its authors' code.
    """

    def __init__(
        self,
        reduction_ratio: int = 16,
        kernel_size: int = 7,
        use_bias: bool = True,
        normalize_spatial: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.reduction_ratio = check_at_least_one("reduction_ratio", reduction_ratio)
        self.kernel_size = check_odd("kernel_size", kernel_size)
        self.use_bias = use_bias
        self.normalize_spatial = normalize_spatial

    def build(self, input_shape):
        channels = self.fix_channels(input_shape)
        hidden = reduced(channels, self.reduction_ratio)
        self.mlp = Bottleneck(hidden, channels, self.use_bias, "zeros", name="mlp")
        self.mlp.build((None, channels))
        self.spatial_convolution = map_convolution(
            1,
            self.kernel_size,
            "spatial_convolution",
            2,
            data_format=self.data_format,
            use_bias=not self.normalize_spatial,
        )
        if self.normalize_spatial:
            shape: list[int | None] = [None] * 4
            shape[self.axis] = 1
            self.spatial_normalization = map_normalization(
                shape,
                "spatial_normalization",
                momentum=0.99,
                axis=self.axis,
                gamma_initializer="zeros",
            )
        self.built = True

    def gate(self, x: Tensor, training: bool | None = False) -> Tensor:
        """V, the gate of the channels: float32 of shape (N, C)."""
        self.make_built(x)
        maximum = ops.max(ops.cast(x, "float32"), axis=self.spatial_axes)
        return ops.sigmoid(self.mlp(self.pool(x)) + self.mlp(maximum))

    def spatial_gate(self, x: Tensor, training: bool | None = False) -> Tensor:
        """S, the gate of the places: float32 of shape (N, H, W, 1)."""
        x = ops.cast(x, "float32")
        pooled = [f(x, axis=self.axis, keepdims=True) for f in (ops.max, ops.mean)]
        s = self.spatial_convolution(ops.concatenate(pooled, axis=self.axis))
        if self.normalize_spatial:
            s = self.spatial_normalization(s, training=training)
        return ops.sigmoid(s)

    def attention_map(self, x: Tensor) -> Tensor:
        """S, the gate of the places: float32 (N, H, W)."""
        return ops.squeeze(self.spatial_gate(self.scale(x, self.gate(x))), self.axis)

    def call(self, x, training=None):
        x = self.scale(x, self.gate(x))
        return x * ops.cast(self.spatial_gate(x, training=training), x.dtype)

    def start_constant(self) -> float:
        self.mlp.end_in_zero()
        last = self.spatial_normalization if self.normalize_spatial else self.spatial_convolution
        set_to_zero(last)
        return 0.25

    def get_config(self):
        return {
            **super().get_config(),
            "reduction_ratio": self.reduction_ratio,
            "kernel_size": self.kernel_size,
            "use_bias": self.use_bias,
            "normalize_spatial": self.normalize_spatial,
        }
