"""A trainable rational activation, one of the connections of the RAS paper's Fig. 2."""

import keras
from keras import ops

# Least-squares fit of LeakyReLU(0.01) on [-3, 3]: nowhere there more than 0.034 off.
NUMERATOR = (0.0336, 0.505, 1.6513, 2.0045, 0.9279, 0.1515)
DENOMINATOR = (0.0, -3.9693, 0.0, -0.3001)
# From here on in powers of 1 / x; x^5 is infinite from 5e7 on.
LARGE = 1000.0


@keras.saving.register_keras_serializable(package="ras_keras")
class Rational(keras.layers.Layer):
    """Pade activation unit: a ratio of two polynomials with trainable coefficients.

        y = (a_0 + a_1 x + ... + a_5 x^5) / (1 + |b_1 x + ... + b_4 x^4|)

    The absolute value keeps the denominator at 1 or more. The coefficients
    start at a fit of LeakyReLU(0.01) and are shared by all channels.

    Trainable parameters: 10.

    Input and output shape: any, the same.

    Source: Molina, Schramowski and Kersting, "Pade Activation Units",
    arXiv 1907.06732, the safe form, orders 5 and 4.
    """

    def build(self, input_shape):
        self.numerator = self._coefficients("numerator", NUMERATOR)
        self.denominator = self._coefficients("denominator", DENOMINATOR)
        self.built = True

    def _coefficients(self, name, start):
        def initializer(shape, dtype):
            return ops.convert_to_tensor(start, dtype=dtype)

        return self.add_weight(name=name, shape=(len(start),), initializer=initializer)

    def call(self, x):
        large = ops.abs(x) > LARGE
        near = ops.where(large, ops.ones_like(x), x)
        y = _polynomial(self.numerator, near)
        y = y / (1 + ops.abs(near * _polynomial(self.denominator, near)))
        # The same ratio in powers of 1 / x, in which nothing becomes too large.
        far = ops.where(large, x, ops.full_like(x, LARGE))
        inverse = 1 / far
        ratio = _polynomial(self.numerator, inverse, highest_first=True)
        ratio = ratio / (
            ops.square(ops.square(inverse))
            + ops.abs(_polynomial(self.denominator, inverse, highest_first=True))
        )
        return ops.where(large, far * ratio, y)

    def compute_output_shape(self, input_shape):
        return input_shape


def _polynomial(coefficients, x, highest_first=False):
    """Horner's rule; of `coefficients` the lowest power stands first, unless asked otherwise."""
    coefficients = ops.unstack(ops.convert_to_tensor(coefficients))
    *lower, value = reversed(coefficients) if highest_first else coefficients
    for coefficient in reversed(lower):
        value = value * x + coefficient
    return value
