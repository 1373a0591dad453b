"""The layer this package is named after."""

import keras
from keras import initializers

from ras_keras.layers.channel_attention import ChannelAttention
from ras_keras.layers.parts.transforms import Linear
from ras_keras.values.checks import is_real, plain

# As published: the gate starts at sigmoid(-1) = 0.27.
BETA_START = -1.0


@keras.saving.register_keras_serializable(package="ras_keras")
class RecurrentAttention(ChannelAttention):
    """Recurrent Attention Strategy (RAS): a deeper gate without more transforms.

        X'  = mean of X over height and width
        g(v) = v * gamma + beta                               Eq. (4)
        V   = sigmoid(g(BN_{k-1}(... g(BN_0(X')))))           Eq. (5)
        Y   = X * V

    gamma and beta, one of each per channel, are shared by all k applications of
    g; each application has a batch normalization of its own before it.

    Two readings of k exist. Eq. (5) as written has k batch normalizations,
    BN_0 among them: `normalize_input=True`, the default. The network that the
    authors released leaves BN_0 out and has k - 1; only that form has the
    parameter counts of the paper's Table 1: `normalize_input=False`.

    Trainable parameters for C channels: 2C for gamma and beta and 2C a
    BatchNormalization, so 2C(k + 1) by default and 2Ck with
    `normalize_input=False`. With `shared_connection=True` at most one
    BatchNormalization counts. Non-trainable: 2C a BatchNormalization.

    The published start is a saddle. With gamma = 0 every application returns
    beta whatever the image. For k >= 2 the batch normalization behind it maps
    that constant to 0, so the gradient of gamma is exactly 0 and only rounding
    noise moves it. Until it escapes, the layer is one constant factor per channel
    (0.269 at the start) and no attention. How long that takes depends on the
    problem and the precision; `gamma_initializer=0.1` starts outside the saddle.
    With k = 1 there is no saddle.

    Training takes batches of at least two images, wherever there is a batch
    normalization. Gradients of channels that are constant over the batch are as
    in `ChannelAttention`.

    Input and output shape: (N, H, W, C), or (N, C, H, W) with channels first; H and W
    may be unknown.

    Args:
        k: how often g is applied; an integer from 1 to 1,000. Up to 100 gate and
            gradients are known to stay finite, and files load by `ras_keras.load_model`.
        normalize_input: whether BN_0 stands before the first application.
        gamma_initializer: of gamma, an initializer or a constant; zeros as
            published.
        beta_initializer: of beta, likewise; the constant -1 as published.
        shared: True for one gamma and one beta used k times, Eq. (3); False for
            k of each, Eq. (2).
        connection: what stands between applications: "batch_norm", "affine" (a
            scale and a shift), "rational" (a trainable Pade activation unit), the
            name of a Keras activation, or None (the paper's Fig. 2 compares
            several).
        shared_connection: True for one connection used at every place (the
            paper's Table 3).
        momentum: of the connections' moving statistics.
        epsilon: added to the connections' variance.
        data_format: "channels_last", "channels_first" or None for Keras's
            setting.
        gain: what the gate is multiplied by; 1 as published.

    Raises:
        ValueError: for a `k` that is no integer from 1 to 1,000, an unknown `connection`
            or `data_format`, or an input of another rank or without a known
            number of channels.

    Source: arXiv 2210.15676, Eqs. (4) and (5). Keras keeps the biased batch
    variance in its moving statistics, the authors' framework the unbiased one.

    Example:

    >>> layer = RecurrentAttention(k=2)
    >>> layer(keras.random.normal((8, 32, 32, 64))).shape
    TensorShape([8, 32, 32, 64])
    """

    def __init__(
        self,
        k: int = 2,
        normalize_input: bool = True,
        gamma_initializer: str | float | initializers.Initializer = "zeros",
        beta_initializer: str | float | initializers.Initializer = BETA_START,
        **kwargs,
    ):
        super().__init__(k=k, normalize_input=normalize_input, **kwargs)
        self.gamma_initializer = _initializer(gamma_initializer)
        self.beta_initializer = _initializer(beta_initializer)

    def make_transform(self, channels: int, name: str) -> Linear:
        return Linear(self.gamma_initializer, self.beta_initializer, name=name)

    @property
    def gamma(self) -> keras.Variable:
        """Of the first or only transform, shape (C,)."""
        return self.transforms[0].gamma

    @property
    def beta(self) -> keras.Variable:
        """Of the first or only transform, shape (C,)."""
        return self.transforms[0].beta

    def get_config(self):
        return {
            **super().get_config(),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "beta_initializer": initializers.serialize(self.beta_initializer),
        }


def _initializer(identifier):
    """A number means that constant; anything else is for Keras to look up."""
    if is_real(identifier):
        return initializers.Constant(plain(identifier))
    return initializers.get(identifier)
