"""RAS's equations in plain numpy, float64, for the tests to compare with."""

import numpy as np


class BatchNorm:
    """Batch normalization over the first axis, with the statistics a layer starts from."""

    def __init__(self, scale, shift, mean, variance, momentum, epsilon):
        self.scale, self.shift = np.float64(scale), np.float64(shift)
        self.mean, self.variance = np.float64(mean), np.float64(variance)
        self.momentum, self.epsilon = momentum, epsilon

    def __call__(self, v, training):
        mean, variance = self.mean, self.variance
        if training:
            mean, variance = v.mean(axis=0), v.var(axis=0)
            keep = self.momentum
            self.mean = keep * self.mean + (1 - keep) * mean
            self.variance = keep * self.variance + (1 - keep) * variance
        return (v - mean) / np.sqrt(variance + self.epsilon) * self.scale + self.shift


def recurrent_attention(x, gamma, beta, k, normalize_input, norms, training):
    """Eqs. (4) and (5); `norms` holds one normalization for each connection, in order."""
    v = np.float64(x).mean(axis=(1, 2))
    norms = iter(norms)
    for application in range(k):
        if application or normalize_input:
            v = next(norms)(v, training)
        v = v * np.float64(gamma) + np.float64(beta)
    gate = 1 / (1 + np.exp(-v))
    return gate, x * gate[:, None, None, :]
