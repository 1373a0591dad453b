"""What all attention layers have in common."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from ras_keras.errors import ArgumentError
from ras_keras.values.checks import check_positive

# Of the backend, or symbolic: Keras has no type for both.
Tensor = Any


class Attention(keras.layers.Layer):
    """Base of the layers that scale the channels of a map by a gate.

    Everything from the pooling to the gate runs in float32 under every dtype
    policy, because half precision rounds a gate with small weights to a
    constant; only the gate itself is cast back. A subclass therefore gives its
    sublayers `dtype="float32"`.

    Attributes:
        shared_by_stage: class attribute; True for a layer that a network makes
            once a stage and calls once a block, instead of once a block.
        normalizes_branch: class attribute; True for a layer that needs a batch
            normalization before it in networks whose branches end in a
            convolution.
        constant_by_design: class attribute; True for a layer whose gate does not
            look at its input.

    Args:
        data_format: "channels_last", "channels_first" or None for Keras's
            setting.
        gain: what the gate is multiplied by, in float32. 1 as published;
            `start_as_identity` sets another.

    Input shape: (N, H, W, C), or (N, C, H, W) with channels first; H and W may
    be unknown, C may not.

    Output shape: the input's.

    Raises:
        ValueError: for an unknown `data_format`, a `gain` that is not positive and
            finite, or an input of another rank or without a known number of
            channels.
    """

    shared_by_stage = False
    normalizes_branch = False
    constant_by_design = False
    # Of Keras, which has no types.
    trainable: bool

    def __init__(self, data_format: str | None = None, gain: float = 1.0, **kwargs):
        super().__init__(**kwargs)
        self.gain = check_positive("gain", gain)
        self.data_format = keras.config.image_data_format() if data_format is None else data_format
        if self.data_format not in ("channels_first", "channels_last"):
            raise ValueError(
                "`data_format` must be 'channels_first', 'channels_last' or None. "
                f"Received: data_format={data_format!r}"
            )
        self.axis = 1 if self.data_format == "channels_first" else -1
        self.spatial_axes = (2, 3) if self.data_format == "channels_first" else (1, 2)

    def __call__(self, *args, **kwargs):
        outputs = super().__call__(*args, **kwargs)
        if not self.trainable and any(weight.trainable for weight in self.weights):
            # Of a layer that was saved frozen Keras makes parts that are not. On TensorFlow a value
            # that is there already is not set again.
            self.trainable = True
            self.trainable = False
        return outputs

    def channels(self, input_shape: Sequence[int | None]) -> int:
        """C of an input's shape, once it has been checked."""
        channels = input_shape[self.axis] if len(input_shape) == 4 else None
        if channels is None:
            raise ValueError(
                f"{type(self).__name__} takes inputs of rank 4 with a known number of channels "
                f"on axis {self.axis} ({self.data_format}). Received: shape={tuple(input_shape)}"
            )
        return channels

    def fix_channels(self, input_shape: Sequence[int | None]) -> int:
        """C of an input's shape, which every input must have from now on."""
        channels = self.channels(input_shape)
        self.input_spec = keras.layers.InputSpec(ndim=4, axes={self.axis: channels})
        return channels

    def make_built(self, x: Tensor) -> None:
        """Builds the layer for `x`, unless it is built: for methods beside `call`."""
        if not self.built:
            self.build(x.shape)

    def add_float32(self, shape: Sequence[int], initializer, name: str) -> keras.Variable:
        """A trainable weight that is float32 under every dtype policy."""
        return self.add_weight(
            tuple(shape), initializer, dtype="float32", autocast=False, name=name
        )

    def pool(self, x: Tensor) -> Tensor:
        """X', the mean of each channel: float32 (N, C)."""
        height, width = (ops.shape(x)[axis] for axis in self.spatial_axes)
        # One axis after the other and the division last, which is fastest on a CPU.
        rows = ops.sum(ops.cast(x, "float32"), axis=self.spatial_axes[0])
        return ops.sum(rows, axis=self.spatial_axes[0]) / ops.cast(height * width, "float32")

    def scale(self, x: Tensor, v: Tensor) -> Tensor:
        """X * V * gain for a gate V of shape (N, C)."""
        return self.weigh(x, ops.expand_dims(v, self.spatial_axes))

    def weigh(self, x: Tensor, v: Tensor) -> Tensor:
        """X * V * gain for a float32 gate V that is broadcast to X."""
        return x * ops.cast(v if self.gain == 1 else v * self.gain, x.dtype)

    def channels_last(self, x: Tensor) -> Tensor:
        """`x` as float32 (N, H, W, C)."""
        x = ops.cast(x, "float32")
        return ops.transpose(x, (0, 2, 3, 1)) if self.axis == 1 else x

    def in_format(self, v: Tensor) -> Tensor:
        """(N, H, W, C) in the layer's data format."""
        return ops.transpose(v, (0, 3, 1, 2)) if self.axis == 1 else v

    def start_as_identity(self) -> None:
        """Sets the built layer's weights and its gain so that it returns its input.

        Its gate is then the same for every input, and has a gradient in the first step
        of a training. To be called before a model that holds the layer has run: what was
        compiled keeps the gain of before.

        Raises:
            ValueError: for a layer that cannot start so, saying why.
        """
        self.gain = 1 / self.start_constant()

    def start_constant(self) -> float:
        """Sets the weights to values with a constant gate that has a gradient; returns it.

        Raises:
            ValueError: for a layer that cannot start so, saying why.
        """
        raise cannot_start(self, "has no start at which its gate is a constant")

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format, "gain": self.gain}


def cannot_start(layer: Attention, why: str) -> ValueError:
    """The error of `start_as_identity`."""
    return ArgumentError.of(
        "start", f"must be 'published': {type(layer).__name__} {why}", "identity"
    )
