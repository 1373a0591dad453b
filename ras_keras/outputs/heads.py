"""From the numbers that a model returns to the probabilities of its classes."""

import keras
from keras import ops

from ras_keras.outputs.scores import Scores


@keras.saving.register_keras_serializable("ras_keras")
class TwoClasses(keras.layers.Layer):
    """One number of an image as two classes: 1 - p and p, as Keras numbers the labels 0 and 1.

    Input: (N, 1), p or its logit z. Output: float32 (N, 2).

    Args:
        from_logits: whether it is z, p = sigmoid(z).
    """

    def __init__(self, from_logits: bool = False, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.from_logits = from_logits

    def call(self, inputs):
        if self.from_logits:
            # 1 - sigmoid(z), without the cancellation.
            return ops.sigmoid(ops.concatenate([-inputs, inputs], axis=-1))
        return ops.concatenate([1 - inputs, inputs], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 2)

    def get_config(self):
        return {**super().get_config(), "from_logits": self.from_logits}


def head_of(scores: Scores, units: int) -> keras.layers.Layer | None:
    """The layer that makes probabilities of a model's numbers, None if they are.

    Args:
        scores: what the numbers are.
        units: how many there are for an image.
    """
    if scores.binary and units == 1:
        return TwoClasses(scores is Scores.BINARY_LOGITS, name="probabilities")
    if scores is Scores.LOGITS:
        return keras.layers.Softmax(dtype="float32", name="probabilities")
    if scores is Scores.BINARY_LOGITS:
        return keras.layers.Activation("sigmoid", dtype="float32", name="probabilities")
    return None
