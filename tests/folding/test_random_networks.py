"""Whatever stands in a network, folded it predicts the same: random networks, random statistics."""

import math

import keras
import numpy as np
import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from keras import layers

import ras_keras
from ras_keras.folding.folded_layers import NORMALIZATIONS
from ras_keras.layers import ATTENTION, make_attention
from ras_keras.layers.bottleneck_attention import COMBINATIONS
from ras_keras.layers.dense_implicit_attention import ACTIVATIONS
from ras_keras.layers.global_context import FUSIONS
from ras_keras.layers.parts.connections import connection_names
from ras_keras.layers.registry import constructor_kinds
from tests.folding.test_folding import scramble

# Halved as often as may be, the side is never the number of channels: with channels first, Keras
# 3.15.1 on TensorFlow adds a convolution's bias along a width of that size, outside of graphs.
SIDE = 10
CHANNELS = st.sampled_from([4, 6])
# Every option of an attention layer; one that is missing here fails.
OPTIONS = {
    "k": st.integers(1, 4),
    "normalize_input": st.booleans(),
    "gamma_initializer": st.sampled_from(["zeros", 0.1]),
    "beta_initializer": st.sampled_from(["zeros", -1]),
    "shared": st.booleans(),
    "connection": st.sampled_from([None, *connection_names()]) | st.just("batch_norm"),
    "shared_connection": st.booleans(),
    "momentum": st.floats(0, 0.99),
    "epsilon": st.sampled_from([1e-5, 1e-2]),
    "reduction_ratio": st.sampled_from([1, 2, 4]),
    "use_bias": st.booleans(),
    "kernel_size": st.sampled_from([1, 3]),
    "normalize_spatial": st.booleans(),
    "activation": st.sampled_from(ACTIVATIONS),
    "cells": st.integers(1, 2),
    "dropout": st.floats(0, 0.5),
    "extent": st.sampled_from([None, 2, 4, 8]),
    "learned": st.booleans(),
    "fusion": st.sampled_from(FUSIONS),
    "combination": st.sampled_from(COMBINATIONS),
    "dilation": st.integers(1, 4),
    "regularization": st.sampled_from([1e-4, 1.0]),
    # More need a map of 7x7.
    "frequencies": st.just(1),
    "groups": st.sampled_from([1, 64]),
    "gain": st.floats(0.5, 2),
    "data_format": st.none(),
}
# What the other layers are given where a network does not say it.
SAME = {"kernel_size": 3, "padding": "same"}
GIVEN = {
    layers.Conv2D: SAME,
    layers.SeparableConv2D: SAME,
    layers.DepthwiseConv2D: SAME,
    layers.MaxPooling2D: {"pool_size": 2, "padding": "same"},
    layers.AveragePooling2D: {"pool_size": 2, "padding": "same"},
    layers.Activation: {"activation": "relu"},
}
WIDTH = {layers.Conv2D: "filters", layers.SeparableConv2D: "filters", layers.Dense: "units"}
ACTIVATION = st.sampled_from(["linear", "relu", "tanh", "softplus"])


def layer(kind, given=None, **options):
    """A strategy for a kind of layer, what it is always given and what it may be given."""
    return st.tuples(st.just(kind), st.fixed_dictionaries(given or {}, optional=options))


def attention(name):
    options = {option: OPTIONS[option] for option in constructor_kinds(ATTENTION[name])}
    # The default is for more channels than these networks have.
    needed = {"reduction_ratio", "frequencies"} & {*options}
    given = {option: options.pop(option) for option in sorted(needed)}
    # These two do not go together there.
    both = {"shared_connection": True, "normalize_input": True}
    drawn = layer(name, given, **options)
    return drawn.filter(lambda each: name != "spa" or not both.items() <= each[1].items())


def convolution(cls, **options):
    return layer(cls, use_bias=st.booleans(), activation=ACTIVATION, **options)


def normalization(cls):
    # By default that of the channels.
    axis = st.sampled_from([1, -1])
    options = {"scale": st.booleans(), "center": st.booleans(), "epsilon": OPTIONS["epsilon"]}
    return layer(cls, axis=axis, **options)


def strided(cls):
    return layer(cls, strides=STRIDES)


STRIDES = st.sampled_from([1, 2])
CONVOLUTION = st.one_of(
    convolution(layers.Conv2D, strides=STRIDES, groups=st.sampled_from([1, 2])),
    convolution(layers.SeparableConv2D, strides=STRIDES),
    convolution(layers.DepthwiseConv2D, strides=STRIDES, depth_multiplier=st.sampled_from([1, 2])),
)
POINTWISE = layer(
    layers.Conv2D,
    {"kernel_size": st.just(1)},
    groups=st.sampled_from([1, 2]),
    use_bias=st.booleans(),
)
NORMALIZATION = st.one_of(*map(normalization, NORMALIZATIONS))
SHAPELESS = st.one_of(
    NORMALIZATION,
    *map(attention, ATTENTION),
    layer(layers.Activation, activation=ACTIVATION),
    layer(layers.ReLU, max_value=st.just(6.0), negative_slope=st.just(0.1)),
    layer(layers.Dense, use_bias=st.booleans(), activation=ACTIVATION),
)
SHRINKING = strided(layers.MaxPooling2D) | strided(layers.AveragePooling2D)
STEP = CONVOLUTION | POINTWISE | SHAPELESS | SHRINKING
# What folding joins, and what else a user may put there.
JOINED = st.tuples(POINTWISE | CONVOLUTION, NORMALIZATION)
AFFINE = layer(
    "ras",
    k=OPTIONS["k"],
    normalize_input=st.booleans(),
    shared=st.booleans(),
    connection=st.sampled_from([None, "affine", "batch_norm"]),
)
RESIDUAL = st.tuples(POINTWISE, NORMALIZATION, AFFINE)
BRANCH = RESIDUAL | st.lists(POINTWISE | SHAPELESS, min_size=1, max_size=3)
BEHIND_SUM = st.one_of(
    layer(layers.Activation, activation=ACTIVATION),
    layer(layers.ReLU, max_value=st.just(1.0)),
)
STEPS = st.lists(
    st.sampled_from(
        [
            STEP,
            st.tuples(st.just("in turn"), JOINED | RESIDUAL),
            st.tuples(st.just("twice"), SHAPELESS),
            st.tuples(st.just("add"), st.tuples(BRANCH, BEHIND_SUM)),
            st.tuples(st.sampled_from(["concatenate", "nested", "read twice"]), BRANCH),
        ]
    ).flatmap(lambda kind: kind),
    min_size=1,
    max_size=4,
)


def channel_axis():
    return 1 if keras.config.image_data_format() == "channels_first" else -1


def made(kind, options, x):
    """The layer of a step, for a map x."""
    if kind in ATTENTION:
        # It refuses a map of one place.
        assume(kind != "simam" or math.prod(x.shape[1:]) > x.shape[channel_axis()])
        return make_attention(kind, options)
    given = GIVEN.get(kind, {})
    if kind in NORMALIZATIONS:
        given = {"axis": channel_axis()}
    elif kind in WIDTH:
        axis = -1 if kind is layers.Dense else channel_axis()
        given = given | {WIDTH[kind]: x.shape[axis]}
    return kind(**given | options)


def called(one, x, *state):
    """The map that a layer returns, and what it hands on to its next call."""
    y = one([x, *state] if state else x)
    return y if isinstance(y, tuple | list) else (y,)


def built(steps, x):
    """What a list of steps makes of a map x."""
    for kind, inner in steps:
        if kind == "twice":
            one = made(*inner, x)
            x, *_ = called(one, *called(one, x))
        elif kind == "in turn":
            x = built(inner, x)
        elif kind == "nested":
            inputs = keras.Input(x.shape[1:])
            x = keras.Model(inputs, built(inner, inputs))(x)
        elif kind == "add":
            branch, behind = inner
            x = made(*behind, x)(layers.Add()([built(branch, x), x]))
        elif kind == "concatenate":
            x = layers.Concatenate(channel_axis())([x, built(inner, x)])
        elif kind == "read twice":
            first = built(inner[:1], x)
            x = layers.Add()([first, built(inner[1:], first)])
        else:
            x, *_ = called(made(kind, inner, x), x)
    return x


def check(steps, channels, data_format, seed):
    keras.utils.set_random_seed(seed)
    keras.config.set_image_data_format(data_format)
    shape = (channels, SIDE, SIDE) if channel_axis() == 1 else (SIDE, SIDE, channels)
    inputs = keras.Input(shape)
    try:
        x = layers.GlobalAveragePooling2D()(built(steps, inputs))
    finally:
        keras.config.set_image_data_format("channels_last")
    x = layers.BatchNormalization()(layers.Dense(3)(x))
    model = scramble(keras.Model(inputs, x))
    folded = ras_keras.fold(model)
    images = np.random.default_rng(seed).normal(size=(3, *shape)).astype("float32")
    expected, found = (keras.ops.convert_to_numpy(each(images)) for each in (model, folded))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * max(1, np.abs(expected).max()))
    assert ras_keras.fold(folded).get_config() == folded.get_config()


bounded = settings(phases=[Phase.generate], derandomize=True, deadline=None, database=None)
random_networks = given(
    STEPS, CHANNELS, st.sampled_from(["channels_last", "channels_first"]), st.integers(0, 100)
)


@pytest.mark.slow
@settings(bounded, max_examples=45)
@random_networks
def test_random_networks(steps, channels, data_format, seed):
    check(steps, channels, data_format, seed)


@pytest.mark.large
@settings(bounded, max_examples=150)
@random_networks
def test_many_random_networks(steps, channels, data_format, seed):
    check(steps, channels, data_format, seed)
