"""What all gates of the form sigmoid(g^k(pooled channels)) have in common."""

import numbers

import keras
from keras import ops

from ras_keras.layers.batch_normalization import EPSILON, MOMENTUM
from ras_keras.layers.connections import make_connection


class ChannelAttention(keras.layers.Layer):
    """Base of the attention layers that gate each channel by a number in (0, 1).

        X' = mean of X over height and width        (N, C)
        V  = sigmoid(g(...g(X')...)), k times g     (N, C)
        Y  = X * V                                  (N, H, W, C)

    Before an application of g stands a connection, by default a batch
    normalization of its own. With `normalize_input=True` the first one works on
    X' itself (k connections, Eq. (5) of arXiv 2210.15676); with
    `normalize_input=False` it is left out (k - 1 connections).

    A subclass defines g in `transform` and creates its weights in
    `build_transform`. Everything from the pooling to the sigmoid runs in float32
    under every dtype policy, because half precision rounds a gate with a small
    gamma to a constant; only V is cast back. A subclass therefore gives its
    weights `dtype="float32", autocast=False` and its sublayers
    `dtype="float32"`.

    Args:
        k: how often the transform is applied; an integer >= 1.
        normalize_input: whether a connection stands before the first
            application as well.
        connection: what stands between applications: "batch_norm",
            "rational", the name of a Keras activation, or None for nothing.
        shared_connection: True for one connection used at every place.
        momentum: of the connections' moving statistics.
        epsilon: added to the connections' variance.
        data_format: "channels_last", "channels_first" or None for Keras's
            setting.

    Input shape: (N, H, W, C), or (N, C, H, W) with channels first; H and W may
    be unknown, C may not.

    Output shape: the input's.

    Raises:
        ValueError: for a `k` that is no integer >= 1, an unknown `connection`
            or `data_format`, or an input of another rank or without a known
            number of channels.
    """

    def __init__(
        self,
        k: int = 1,
        normalize_input: bool = False,
        connection: str | None = "batch_norm",
        shared_connection: bool = False,
        momentum: float = MOMENTUM,
        epsilon: float = EPSILON,
        data_format: str | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not isinstance(k, numbers.Integral) or isinstance(k, bool) or k < 1:
            raise ValueError(f"`k` must be an integer >= 1. Received: k={k!r}")
        self.k = int(k)
        self.normalize_input = normalize_input
        self.connection = connection
        self.shared_connection = shared_connection
        self.momentum = momentum
        self.epsilon = epsilon
        self.data_format = keras.config.image_data_format() if data_format is None else data_format
        if self.data_format not in ("channels_first", "channels_last"):
            raise ValueError(
                "`data_format` must be 'channels_first', 'channels_last' or None. "
                f"Received: data_format={data_format!r}"
            )
        self.axis = 1 if self.data_format == "channels_first" else -1
        self.spatial_axes = (2, 3) if self.data_format == "channels_first" else (1, 2)
        self.connections = self._make_connections()

    def _make_connections(self) -> list[keras.layers.Layer]:
        if self.connection is None:
            return []
        places = self.k if self.normalize_input else self.k - 1
        distinct = min(places, 1) if self.shared_connection else places
        return [
            make_connection(
                self.connection,
                momentum=self.momentum,
                epsilon=self.epsilon,
                name=f"connection{i}",
            )
            for i in range(distinct)
        ]

    def build(self, input_shape):
        if len(input_shape) != 4 or input_shape[self.axis] is None:
            raise ValueError(
                f"{type(self).__name__} takes inputs of rank 4 with a known number of channels "
                f"on axis {self.axis} ({self.data_format}). Received: shape={tuple(input_shape)}"
            )
        channels = input_shape[self.axis]
        self.input_spec = keras.layers.InputSpec(ndim=4, axes={self.axis: channels})
        self.build_transform(channels)
        for connection in self.connections:
            connection.build((None, channels))
        self.built = True

    def build_transform(self, channels: int) -> None:
        """Creates the weights of the transform for `channels` channels."""
        raise NotImplementedError(f"{type(self).__name__} does not define `build_transform`.")

    def transform(self, v):
        """g: maps float32 (N, C) to (N, C)."""
        raise NotImplementedError(f"{type(self).__name__} does not define `transform`.")

    def gate(self, x, training=False):
        """V, the gate that the layer applies to `x`: float32 of shape (N, C)."""
        if not self.built:
            self.build(x.shape)
        v = ops.mean(ops.cast(x, "float32"), axis=self.spatial_axes)
        for application in range(self.k):
            v = self._connect(v, application, training)
            v = self.transform(v)
        return ops.sigmoid(v)

    def _connect(self, v, application, training):
        place = application if self.normalize_input else application - 1
        if not self.connections or place < 0:
            return v
        return self.connections[0 if self.shared_connection else place](v, training=training)

    def call(self, x, training=None):
        v = ops.cast(self.gate(x, training=training), self.compute_dtype)
        return x * ops.expand_dims(v, self.spatial_axes)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "k": self.k,
            "normalize_input": self.normalize_input,
            "connection": self.connection,
            "shared_connection": self.shared_connection,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "data_format": self.data_format,
        }
