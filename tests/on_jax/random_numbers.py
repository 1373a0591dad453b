"""For tests on JAX: outside of programs numpy makes the random numbers.

JAX compiles a program for every shape of a weight, which takes most of the time of building a
network. Import it, or name it to pytest by -p.
"""

import jax
import numpy as np


def _outside(traced, draw):
    def random(key, shape, dtype, **limits):
        if isinstance(key, jax.core.Tracer):
            return traced(key, shape=shape, dtype=dtype, **limits)
        generator = np.random.default_rng(np.asarray(key))
        return draw(generator, shape, **limits).astype(jax.numpy.dtype(dtype))

    return random


def _normal(generator, shape):
    return generator.normal(size=shape)


def _uniform(generator, shape, minval, maxval):
    return generator.uniform(minval, maxval, shape)


jax.random.normal = _outside(jax.random.normal, _normal)
jax.random.uniform = _outside(jax.random.uniform, _uniform)
