"""Further attention modules in plain numpy, from the formulas of their papers."""

import math

import numpy as np

from tests.conformance.reference_layers import (
    EPSILON,
    Array,
    Weights,
    affine,
    batch_norm,
    bottleneck_of,
    conv2d,
    dense,
    depthwise_conv2d,
    gate,
    pool,
    relu,
    scope,
    sigmoid,
)


def ge(
    x: Array,
    weights: Weights,
    extent: int | None = None,
    learned: bool = False,
    reduction_ratio: int | None = None,
) -> Array:
    """x * sigmoid(nearest(f(gather(x)))); Gather-Excite, Section 3."""
    if learned:
        g = _gathered_by_convolutions(x, weights, extent)
    elif extent is None:
        g = x.mean(axis=(1, 2), keepdims=True)
    else:
        g = _window_means(x, extent)
    if reduction_ratio:
        mlp = bottleneck_of(x.shape[-1] // reduction_ratio, x.shape[-1])
        g = mlp(g, scope(weights, "excite"))
    rows, columns = (
        [i * coarse // size for i in range(size)]
        for size, coarse in zip(x.shape[1:3], g.shape[1:3], strict=True)
    )
    return x * sigmoid(g[:, rows][:, :, columns])


def _gathered_by_convolutions(x, weights, extent):
    channels = x.shape[-1]
    if extent is None:
        kernel = weights("depthwise0/kernel", (*x.shape[1:3], channels, 1))
        g = np.einsum("nhwc,hwc->nc", x, kernel[..., 0])[:, None, None]
        return batch_norm(g, scope(weights, "normalization0"))
    for i in range(int(math.log2(extent))):
        x = relu(x) if i else x
        x = depthwise_conv2d(x, weights(f"depthwise{i}/kernel", (3, 3, channels, 1)), 2)
        x = batch_norm(x, scope(weights, f"normalization{i}"))
    return x


def _window_means(x, extent):
    _, height, width, _ = x.shape
    reach = extent - 1
    return np.stack(
        [
            np.stack(
                [
                    x[:, max(i - reach, 0) : i + reach + 1, max(j - reach, 0) : j + reach + 1].mean(
                        axis=(1, 2)
                    )
                    for j in range(0, width, extent)
                ],
                axis=1,
            )
            for i in range(0, height, extent)
        ],
        axis=1,
    )


def gc(x: Array, weights: Weights, reduction_ratio: int = 16, fusion: str = "add") -> Array:
    """x + W2 relu(LN(W1 sum_j a_j x_j)), a = softmax over the places of w x; GCNet, Eq. (5)."""
    images, _, _, channels = x.shape
    logits = dense(x, 1, scope(weights, "places")).reshape(images, -1)
    a = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    context = np.einsum("np,npc->nc", a, x.reshape(images, -1, channels))
    v = dense(context, channels // reduction_ratio, scope(weights, "reduce"))
    centred = v - v.mean(axis=-1, keepdims=True)
    v = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + EPSILON)
    v = affine(v, scope(weights, "normalization"))
    t = dense(relu(v), channels, scope(weights, "expand"))
    return x * gate(t) if fusion == "multiply" else x + t[:, None, None]


def bam(
    x: Array,
    weights: Weights,
    reduction_ratio: int = 16,
    dilation: int = 4,
    combination: str = "sum",
) -> Array:
    """x + x * sigmoid(Mc + Ms), Mc of channels and Ms of places; BAM, Eqs. (1) to (6)."""
    channels = x.shape[-1]
    hidden = channels // reduction_ratio
    c = dense(pool(x), hidden, scope(weights, "reduce"))
    c = relu(batch_norm(c, scope(weights, "normalization")))
    c = dense(c, channels, scope(weights, "expand"))[:, None, None]
    s = x
    for name, size in (("reduce", 1), ("dilated1", 3), ("dilated2", 3)):
        kernel = weights(f"places_{name}/kernel", (size, size, s.shape[-1], hidden))
        spread = np.zeros((1 + (size - 1) * dilation,) * 2 + kernel.shape[2:])
        spread[::dilation, ::dilation] = kernel
        s = conv2d(s, spread) + weights(f"places_{name}/bias", (hidden,))
        s = relu(batch_norm(s, scope(weights, f"places_{name}_normalization")))
    s = conv2d(s, weights("places/kernel", (1, 1, hidden, 1))) + weights("places/bias", (1,))
    return x + x * sigmoid(c * s if combination == "product" else c + s)


def coordinate(x: Array, weights: Weights, reduction_ratio: int = 32) -> Array:
    """x * a_h * a_w, gates of the rows and of the columns; Eqs. (4) to (9)."""
    height, channels = x.shape[1], x.shape[-1]
    width = max(8, channels // reduction_ratio)
    z = np.concatenate([x.mean(axis=2), x.mean(axis=1)], axis=1)
    f = batch_norm(dense(z, width, scope(weights, "reduce")), scope(weights, "normalization"))
    f = f * np.clip(f + 3, 0, 6) / 6
    rows = sigmoid(dense(f[:, :height], channels, scope(weights, "rows")))
    columns = sigmoid(dense(f[:, height:], channels, scope(weights, "columns")))
    return x * rows[:, :, None] * columns[:, None]


def simam(x: Array, weights: Weights, regularization: float = 1e-4) -> Array:
    """x * sigmoid(1 / e), 1 / e = (x - mean)^2 / (4 (variance + lambda)) + 1/2; SimAM, Eq. (5)."""
    variance = x.var(axis=(1, 2), ddof=1, keepdims=True)
    energy = (
        4
        * (variance + regularization)
        / ((x - x.mean(axis=(1, 2), keepdims=True)) ** 2 + 2 * variance + 2 * regularization)
    )
    return x * sigmoid(1 / energy)


def srm(x: Array, weights: Weights) -> Array:
    """x * sigmoid(BN(w . (mean, deviation))), w of each channel; SRM, Eqs. (1) to (5)."""
    style = np.stack([pool(x), np.sqrt(x.var(axis=(1, 2)) + EPSILON)], axis=-1)
    z = np.einsum("ncd,dc->nc", style, weights("kernel", (2, x.shape[-1])))
    return x * gate(batch_norm(z, scope(weights, "normalization")))


# Horizontal and vertical, as a table: of 16 frequencies the k-th is (ROWS[k], COLUMNS[k]).
ROWS = (0, 0, 6, 0, 0, 1, 1, 4, 5, 1, 3, 0, 0, 0, 3, 2)
COLUMNS = (0, 1, 0, 5, 2, 0, 2, 0, 0, 6, 0, 4, 6, 3, 5, 2)


def fca(x: Array, weights: Weights, frequencies: int = 16, reduction_ratio: int = 16) -> Array:
    """SE without biases on a cosine coefficient of each channel; FcaNet, Eqs. (7) to (11)."""
    images, height, width, channels = x.shape
    pooled = np.zeros((images, channels))
    for channel in range(channels):
        k = channel * frequencies // channels
        for i in range(height):
            for j in range(width):
                b = _cosine(ROWS[k] * (height // 7), i, height)
                b *= _cosine(COLUMNS[k] * (width // 7), j, width)
                pooled[:, channel] += b * x[:, i, j, channel]
    mlp = bottleneck_of(channels // reduction_ratio, channels, bias=False)
    return x * gate(mlp(pooled, scope(weights, "transform0")))


def _cosine(frequency, position, length):
    value = math.cos(math.pi * frequency * (position + 0.5) / length) / math.sqrt(length)
    return value * math.sqrt(2) if frequency else value


def gct(x: Array, weights: Weights) -> Array:
    """x * (1 + tanh(gamma n + beta)), n from norms of the channels; GCT, Eqs. (2) to (6)."""
    channels = x.shape[-1:]
    s = weights("alpha", channels) * np.sqrt((x**2).sum(axis=(1, 2)) + EPSILON)
    n = math.sqrt(channels[0]) * s
    n = n / np.sqrt((s**2).sum(axis=1, keepdims=True) + channels[0] * EPSILON)
    v = 1 + np.tanh(weights("gamma", channels) * n + weights("beta", channels))
    return x * v[:, None, None]


def triplet(x: Array, weights: Weights, kernel_size: int = 7) -> Array:
    """The mean of x gated over (W, C), over (H, C) and over (H, W); Triplet attention, Eq. (4)."""
    branches = []
    # The pooled dimension comes last, the other two stay in their order.
    orders = {"rows": (0, 2, 3, 1), "columns": (0, 1, 3, 2), "channels": (0, 1, 2, 3)}
    for name, order in orders.items():
        turned = x.transpose(order)
        z = np.stack([turned.max(axis=-1), turned.mean(axis=-1)], axis=-1)
        kernel = weights(f"{name}_convolution/kernel", (kernel_size, kernel_size, 2, 1))
        s = sigmoid(batch_norm(conv2d(z, kernel), scope(weights, f"{name}_normalization")))
        branches.append((turned * s).transpose(np.argsort(order)))
    return sum(branches) / 3


def shuffle(x: Array, weights: Weights, groups: int = 64) -> Array:
    """Half of a group gated by channel, half by place, then shuffled; SA-Net, Fig. 2."""
    channels = x.shape[-1]
    groups = min(groups, channels // 2)
    half = channels // groups // 2
    gated = []
    for group in np.split(x, groups, axis=-1):
        a, b = group[..., :half], group[..., half:]
        of_a = affine(pool(a), scope(weights, "channel"))
        variance = b.var(axis=(1, 2), keepdims=True)
        n = (b - b.mean(axis=(1, 2), keepdims=True)) / np.sqrt(variance + EPSILON)
        of_b = affine(affine(n, scope(weights, "normalization")), scope(weights, "place"))
        gated += [a * gate(of_a), b * sigmoid(of_b)]
    y = np.concatenate(gated, axis=-1)
    # Channel i of the first half goes to 2i, of the second to 2i + 1.
    order = [i // 2 + (i % 2) * channels // 2 for i in range(channels)]
    return y[..., order]


def iebn(x: Array, weights: Weights) -> Array:
    """x * sigmoid(gamma GAP x + beta); IEBN, Eqs. (4) and (5)."""
    return x * gate(affine(pool(x), scope(weights, "transform0")))


def channel_scale(x: Array, weights: Weights) -> Array:
    """x * sigmoid(p), of each channel."""
    return x * sigmoid(weights("bias", x.shape[-1:]))
