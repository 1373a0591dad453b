"""Gather-excite."""

import keras
from keras import ops

from ras_keras.errors import ArgumentError
from ras_keras.layers.attention import Attention, Tensor, cannot_start
from ras_keras.layers.parts.convolutions import he_normal_over_fan_out, map_normalization
from ras_keras.layers.parts.transforms import Bottleneck, reduced, set_to_zero
from ras_keras.layers.parts.window_means import strided_windows
from ras_keras.values.checks import check_at_least_one

EXTENTS = (2, 4, 8)


@keras.saving.register_keras_serializable(package="ras_keras")
class GatherExcite(Attention):
    """Gather-excite (GE): a gate from the neighbourhood of a place.

        G = gathered X                        (N, h, w, C)
        V = sigmoid(nearest(f(G)))            (N, H, W, C)
        Y = X * V

    With an extent of e, h = H / e and w = W / e, rounded up; None is the whole
    map, h = w = 1. Without parameters G is the mean of windows of 2e - 1 places,
    e apart, over the places that exist (GE-theta-minus), as published code pads
    them. With `learned=True` it is made by log2(e) depthwise 3x3 convolutions of
    stride 2, or by one of the map's size for the whole map, each with a batch
    normalization behind it and a ReLU between them (GE-theta). f is the identity
    or, with a `reduction_ratio`, two 1x1 convolutions with a ReLU between
    (GE-theta-plus).

    Trainable parameters for C channels: 0; learned 11C log2(e), of the whole map
    (HW + 2)C; f adds 2C(C/r) + C/r + C.

    Args:
        extent: e, one of 2, 4 and 8, or None for the whole map.
        learned: whether convolutions gather.
        reduction_ratio: r of f, from 1 to C; C/r is rounded down. None leaves f
            out.
        data_format: "channels_last", "channels_first" or None for Keras's
            setting.
        gain: what the gate is multiplied by; 1 as published.

    Input shape: (N, H, W, C), or (N, C, H, W) with channels first; H and W may
    be unknown, unless a convolution of the map's size gathers.

    Output shape: the input's.

    Raises:
        ValueError: for another `extent`, a `reduction_ratio` that is no integer
            from 1 to C, a map of unknown size where that is needed, and as
            `Attention` does.

    Source: arXiv 1810.12348, Section 3 and Table 1; a ReLU between the
    convolutions, of which the paper says nothing, as in published code.
    """

    def __init__(
        self,
        extent: int | None = None,
        learned: bool = False,
        reduction_ratio: int | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if extent not in (None, *EXTENTS):
            raise ArgumentError.of("extent", "must be None, 2, 4 or 8", extent)
        self.extent = None if extent is None else int(extent)
        self.learned = learned
        self.reduction_ratio = None
        if reduction_ratio is not None:
            self.reduction_ratio = check_at_least_one("reduction_ratio", reduction_ratio)

    def build(self, input_shape):
        channels = self.fix_channels(input_shape)
        self.convolutions, self.normalizations, self.excite = [], [], None
        if self.learned:
            shape = (None, None, None, channels)
            for i, size in enumerate(self._kernel_sizes(input_shape)):
                convolution = keras.layers.DepthwiseConv2D(
                    size,
                    strides=1 if self.extent is None else 2,
                    use_bias=False,
                    depthwise_initializer=he_normal_over_fan_out(),
                    data_format="channels_last",
                    dtype="float32",
                    name=f"depthwise{i}",
                )
                convolution.build(shape)
                self.convolutions.append(convolution)
                self.normalizations.append(map_normalization(shape, f"normalization{i}"))
        if self.reduction_ratio is not None:
            hidden = reduced(channels, self.reduction_ratio)
            self.excite = Bottleneck(hidden, channels, name="excite")
            self.excite.build((None, channels))
        self.built = True

    def _kernel_sizes(self, input_shape):
        if self.extent is not None:
            return [(3, 3)] * (self.extent.bit_length() - 1)
        size = tuple(input_shape[axis] for axis in self.spatial_axes)
        if None in size:
            raise ValueError(
                "a convolution that gathers the whole map needs a map of known size: give an "
                f"`extent`, or an input of known size. Received: shape={tuple(input_shape)}"
            )
        for axis, length in zip(self.spatial_axes, size, strict=True):
            self.input_spec.axes[axis] = length
        return [size]

    def _coarse_gate(self, x: Tensor, training: bool | None = False) -> Tensor:
        """V before it is enlarged: float32 (N, h, w, C)."""
        self.make_built(x)
        if self.learned:
            g = self._convolved(self.channels_last(x), training)
        elif self.extent is None:
            g = self.pool(x)[:, None, None]
        else:
            x = self.channels_last(x)
            rows, columns = (strided_windows(size, self.extent) for size in ops.shape(x)[1:3])
            g = ops.einsum("hi,niwc->nhwc", rows, x)
            g = ops.einsum("wj,nhjc->nhwc", columns, g)
        return ops.sigmoid(g if self.excite is None else self.excite(g))

    def _convolved(self, x, training):
        layers = zip(self.convolutions, self.normalizations, strict=True)
        for i, (convolution, normalization) in enumerate(layers):
            if self.extent is not None:
                x = ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
            x = normalization(convolution(ops.relu(x) if i else x), training=training)
        return x

    def gate(self, x: Tensor, training: bool | None = False) -> Tensor:
        """V of an extent of the whole map: float32 (N, C).

        Raises:
            ValueError: for another extent, which has no gate a channel.
        """
        if self.extent is not None:
            raise ValueError(f"a gate a channel needs extent=None. Received: extent={self.extent}")
        return self._coarse_gate(x, training)[:, 0, 0]

    def attention_map(self, x: Tensor) -> Tensor:
        """The mean of V over the channels at each gathered place: float32 (N, h, w)."""
        return ops.mean(self._coarse_gate(x), axis=-1)

    def call(self, x, training=None):
        v = self._coarse_gate(x, training)
        if self.extent is not None:
            for axis in (1, 2):
                size, coarse = ops.shape(x)[self.spatial_axes[axis - 1]], ops.shape(v)[axis]
                places = ops.arange(size, dtype="int32") * coarse // size
                v = ops.take(v, places, axis=axis)
        return self.weigh(x, self.in_format(v))

    def start_constant(self) -> float:
        if self.excite is not None:
            self.excite.end_in_zero()
        elif self.learned:
            set_to_zero(self.normalizations[-1])
        else:
            raise cannot_start(self, "has no weights without `learned` and `reduction_ratio`")
        return 0.5

    def get_config(self):
        return {
            **super().get_config(),
            "extent": self.extent,
            "learned": self.learned,
            "reduction_ratio": self.reduction_ratio,
        }
