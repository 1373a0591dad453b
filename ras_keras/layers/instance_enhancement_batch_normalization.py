"""Instance enhancement batch normalization."""

import keras
from keras import ops

from ras_keras.layers.attention import Tensor
from ras_keras.layers.parts.batch_normalization import BatchNormalization
from ras_keras.layers.recurrent_attention import BETA_START


@keras.saving.register_keras_serializable(package="ras_keras")
class InstanceEnhancementBatchNormalization(BatchNormalization):
    """Instance enhancement batch normalization (IEBN): the scale depends on the image.

        X' = mean of X over the places                (N, C)
        d  = sigmoid(X' gamma_d + beta_d)             (N, C)
        Y  = BN(X) without its shift * d + the shift  (N, H, W, C)

    gamma_d starts at 0 and beta_d at -1.

    Trainable parameters for C channels: 4C, two of them of the normalization.

    Args:
        **kwargs: of `BatchNormalization`, but `center` and `scale`: it has both.

    Input shape: (N, H, W, C), or (N, C, H, W) with axis=1.

    Output shape: the input's.

    Source: arXiv 1908.04008, Eqs. (3) to (6).
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        if not (self.center and self.scale):
            raise ValueError(
                "instance enhancement has a scale and a shift. Received: "
                f"center={self.center}, scale={self.scale}"
            )

    def build(self, input_shape):
        super().build(input_shape)
        shape, options = (input_shape[self.axis],), {"dtype": "float32", "autocast": False}
        start = keras.initializers.Constant(BETA_START)
        self.instance_gamma = self.add_weight(shape, "zeros", name="instance_gamma", **options)
        self.instance_beta = self.add_weight(shape, start, name="instance_beta", **options)

    def gate(self, x: Tensor, training: bool | None = False) -> Tensor:
        """d, what the scaled part is multiplied by: float32 (N, C)."""
        axes = (2, 3) if self.axis == 1 else (1, 2)
        pooled = ops.mean(ops.cast(x, "float32"), axis=axes)
        return ops.sigmoid(pooled * self.instance_gamma + self.instance_beta)

    def call(self, inputs, training=None, mask=None):
        y = super().call(inputs, training=training, mask=mask)
        d = ops.expand_dims(self.gate(inputs), (2, 3) if self.axis == 1 else (1, 2))
        shape = (1, -1, 1, 1) if self.axis == 1 else (1, 1, 1, -1)
        shift = ops.reshape(self.beta, shape) * (1 - d)
        return y * ops.cast(d, y.dtype) + ops.cast(shift, y.dtype)
