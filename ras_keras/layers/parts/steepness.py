"""What keeps a long recurrence within float32."""

from keras import ops

# Shorter recurrences cannot get there: a normalization is at most 1 / sqrt(epsilon) = 316 times as
# steep as its scale.
LONG = 5
# Its square, as of optimizers, is a float32.
STEEPEST = 2.0**60
# Its square, summed over a batch, is a float32.
LARGEST = 2.0**50


class Steepness:
    """Ends gradients that no float32 can hold, along one recurrence.

    A normalization multiplies the gradient of a channel that is constant over the batch by its
    scale / sqrt(epsilon), up to 316 times a scale of 1, and k of them by the k-th power of that.
    Where a run of applications is steeper than 2^60, the gradient ends at the last of them: the
    channel says nothing there, and 0 is its gradient before. Everywhere else gradients are those
    of the equations. Values beyond 2^50, in which every gate is saturated, count as 2^50.
    """

    def __init__(self):
        self.steepest = 0.0

    def before(self, connection, transform, v, training):
        """The same vector, float32 (N, C), from which the gradient goes back if it can.

        Args:
            connection: that `v` goes into, None for none.
            transform: that stands behind it.
            v: of finite or infinite numbers.
            training: whether the connection takes the batch's statistics.
        """
        v = ops.clip(v, -LARGEST, LARGEST)
        slopes = [_slope(layer, v, training) for layer in (connection, transform)]
        if None in slopes:
            return _without_gradients_too_large(v)
        # Of the steepest run of applications that ends here, in each channel.
        slope = ops.stop_gradient(slopes[0] * slopes[1])
        self.steepest = ops.minimum(ops.maximum(self.steepest, 1.0) * slope, STEEPEST**2)
        return ops.where(self.steepest > STEEPEST, ops.stop_gradient(v), v)


def _slope(layer, v, training):
    """|dy/dv| of each channel; None of a layer whose channels depend on each other."""
    if layer is None:
        return 1.0
    slope = getattr(layer, "slope", None)
    # Under a half precision Keras casts the weights that are read outside of their own layer.
    return None if slope is None else ops.cast(slope(v, training), "float32")


@ops.custom_gradient
def _without_gradients_too_large(v):
    """`v`, whose gradient is 0 in the channels in which a number of it is larger than 2^60."""

    def gradient(*upstream, **_):
        (dv,) = upstream
        # Of NaN this is false.
        fits = ops.all(ops.abs(dv) <= STEEPEST, axis=0, keepdims=True)
        return ops.where(fits, dv, ops.zeros_like(dv))

    return v, gradient
