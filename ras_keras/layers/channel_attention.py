"""What all gates of the form sigmoid(g^k(pooled channels)) have in common."""

import keras
from keras import ops

from ras_keras.layers.attention import Attention, Tensor, cannot_start
from ras_keras.layers.parts.batch_normalization import EPSILON, MOMENTUM
from ras_keras.layers.parts.connections import make_connection
from ras_keras.layers.parts.steepness import LONG, Steepness
from ras_keras.layers.parts.transforms import set_to_zero
from ras_keras.values.checks import MOST_APPLICATIONS, check_at_least_one


class ChannelAttention(Attention):
    """Base of the attention layers that gate each channel by a number in (0, 1).

        X' = mean of X over height and width        (N, C)
        V  = sigmoid(g(...g(X')...)), k times g     (N, C)
        Y  = X * V                                  (N, H, W, C)

    One transform g is applied k times, Eq. (3) of arXiv 2210.15676; with
    `shared=False` there are k of them, one for each application, Eq. (2).

    Before an application stands a connection, by default a batch normalization
    of its own. With `normalize_input=True` the first one works on X' itself (k
    connections, Eq. (5)); with `normalize_input=False` it is left out (k - 1
    connections).

    A batch normalization as connection needs batches of at least two images in
    training: of one image it makes 0, whatever the image, and its moving
    variance goes to 0.

    A channel that is constant over the batch has a gradient that each
    normalization multiplies by up to 1 / sqrt(epsilon) = 316. From k = 5 on, it
    is taken as 0 where it would be more than 2^60 times as large behind some
    applications as before them; elsewhere it is that of the equations. So V and
    all gradients are finite for every k.

    A subclass defines g in `make_transform`.

    Args:
        k: how often a transform is applied; an integer from 1 to 1,000.
        normalize_input: whether a connection stands before the first
            application as well.
        shared: True for one transform used k times, False for k transforms.
        connection: what stands between applications: "batch_norm", "affine" (a
            scale and a shift), "rational", the name of a Keras activation, or
            None for nothing.
        shared_connection: True for one connection used at every place.
        momentum: of the connections' moving statistics.
        epsilon: added to the connections' variance.
        data_format: "channels_last", "channels_first" or None for Keras's
            setting.
        gain: what the gate is multiplied by; 1 as published.

    Input shape: (N, H, W, C), or (N, C, H, W) with channels first; H and W may
    be unknown, C may not.

    Output shape: the input's.

    Raises:
        ValueError: for a `k` that is no integer from 1 to 1,000, an unknown `connection`
            or `data_format`, or an input of another rank or without a known
            number of channels.
    """

    def __init__(
        self,
        k: int = 1,
        normalize_input: bool = False,
        shared: bool = True,
        connection: str | None = "batch_norm",
        shared_connection: bool = False,
        momentum: float = MOMENTUM,
        epsilon: float = EPSILON,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.k = check_at_least_one("k", k, MOST_APPLICATIONS)
        self.normalize_input = normalize_input
        self.shared = shared
        self.connection = connection
        self.shared_connection = shared_connection
        self.momentum = float(momentum)
        self.epsilon = float(epsilon)
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
        channels = self.fix_channels(input_shape)
        width = self.pooled_width(channels)
        self.transforms = [
            self.make_transform(channels, name=f"transform{i}")
            for i in range(1 if self.shared else self.k)
        ]
        for transform in self.transforms:
            transform.build((None, width))
        for i, connection in enumerate(self.connections):
            connection.build((None, width if self.normalize_input and i == 0 else channels))
        self.built = True

    def make_transform(self, channels: int, name: str) -> keras.layers.Layer:
        """Makes g: a layer from float32 (N, C) to (N, C).

        Args:
            channels: C.
            name: of the new layer.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `make_transform`.")

    def pooled_width(self, channels: int) -> int:
        """The size of the vector that `pool` returns."""
        return channels

    def features(self, v: Tensor) -> Tensor:
        """What a transform sees of a vector."""
        return v

    def gate(self, x: Tensor, training: bool | None = False) -> Tensor:
        """V, the gate that the layer applies to `x`: float32 of shape (N, C)."""
        return self.recurrence(x, training)[-1]

    def recurrence(self, x: Tensor, training: bool | None = False) -> list[Tensor]:
        """What V would be after 1, 2, ... and k applications: k times float32 (N, C)."""
        self.make_built(x)
        v, gates = self.pool(x), []
        steepness = Steepness() if self.k >= LONG else None
        for application in range(self.k):
            connection = self.connection_before(application)
            transform = self.transform_of(application)
            if steepness is not None:
                v = steepness.before(connection, transform, v, training)
            if connection is not None:
                v = connection(v, training=training)
            v = transform(self.features(v))
            gates.append(ops.sigmoid(v))
        return gates

    def transform_of(self, application: int) -> keras.layers.Layer:
        """The transform of an application, counted from 0."""
        return self.transforms[0 if self.shared else application]

    def connection_before(self, application: int) -> keras.layers.Layer | None:
        """The connection that stands before an application, counted from 0; None if none does."""
        place = application if self.normalize_input else application - 1
        if not self.connections or place < 0:
            return None
        return self.connections[0 if self.shared_connection else place]

    def start_constant(self) -> float:
        last = self.k - 1
        transform, connection = self.transform_of(last), self.connection_before(last)
        if last == 0 or not self.shared:
            before = self.transforms[:-1]
            if not hasattr(transform, "end_in_zero"):
                raise cannot_start(self, "has a transform without a start at 0")
            transform.end_in_zero()
        else:
            before = [transform]
            if self.connection not in ("batch_norm", "affine"):
                raise cannot_start(self, "has k > 1 and no connection with a scale")
            if self.connections.index(connection) < last - 1 + self.normalize_input:
                raise cannot_start(self, "has one connection at several places")
            if not hasattr(transform, "map_zero_to_zero"):
                raise cannot_start(self, "has k > 1 and a transform without a gradient at 0")
            set_to_zero(connection)
        for each in before:
            if hasattr(each, "map_zero_to_zero"):
                each.map_zero_to_zero()
        return 0.5

    def call(self, x, training=None):
        return self.scale(x, self.gate(x, training=training))

    def get_config(self):
        return {
            **super().get_config(),
            "k": self.k,
            "normalize_input": self.normalize_input,
            "shared": self.shared,
            "connection": self.connection,
            "shared_connection": self.shared_connection,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
        }
