import numpy as np
from keras import ops

from ras_keras.layers import Rational


def test_starts_near_leaky_relu():
    x = np.linspace(-3, 3, 601, dtype="float32")[:, None]
    y = ops.convert_to_numpy(Rational()(x))
    assert np.abs(y - np.where(x > 0, x, 0.01 * x)).max() < 0.034


def test_is_the_quotient_of_its_polynomials():
    rng = np.random.default_rng(0)
    layer = Rational()
    layer.build((None, 3))
    a, b = rng.normal(size=6), rng.normal(size=4)
    layer.numerator.assign(a)
    layer.denominator.assign(b)
    x = rng.normal(size=(5, 3))
    p = sum(c * x**i for i, c in enumerate(a))
    q = 1 + np.abs(sum(c * x**i for i, c in enumerate(b, start=1)))
    np.testing.assert_allclose(ops.convert_to_numpy(layer(x)), p / q, rtol=1e-4, atol=1e-5)
    assert layer.count_params() == 10
