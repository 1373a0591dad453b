"""The attention modules in plain numpy, at inference, written from the published sources.

Every module takes a map x (images, height, width, channels) and `weights`, which returns the array
of a path and shape: a module asks for what it needs. BN(v) stands for batch normalization with the
moving statistics, GAP for the mean over the positions.
"""

import math
from collections.abc import Callable

import numpy as np

Array = np.ndarray
Weights = Callable[[str, tuple[int, ...]], Array]
State = list[tuple[Array, Array]]

EPSILON = 1e-5


def ras(x: Array, weights: Weights, **recurrence) -> Array:
    """x * sigmoid(g(BN(g(GAP x)))) with g(v) = gamma * v + beta; RAS, Fig. 1 and its code."""
    return x * gate(recur(pool(x), affine, weights, **recurrence))


def se(x: Array, weights: Weights, reduction_ratio: int = 16, **recurrence) -> Array:
    """x * sigmoid(W2 relu(W1 GAP x + b1) + b2); Squeeze-and-Excitation, Caffe original."""
    hidden = x.shape[-1] // reduction_ratio
    transform = bottleneck_of(hidden, x.shape[-1])
    return x * gate(recur(pool(x), transform, weights, **recurrence))


def eca(x: Array, weights: Weights, kernel_size: int | None = None, **recurrence) -> Array:
    """x * sigmoid(w (*) GAP x), a convolution over the channels; ECA-Net code."""
    size = kernel_size or adaptive_kernel_size(x.shape[-1])
    transform = channel_convolution_of(size)
    return x * gate(recur(pool(x), transform, weights, **recurrence))


def spa(x: Array, weights: Weights, reduction_ratio: int = 16, **recurrence) -> Array:
    """x * sigmoid(W2 relu(W1 [P1 x, P2 x, P4 x])) with P the s x s adaptive means; SPANet code."""
    hidden = x.shape[-1] // reduction_ratio
    transform = bottleneck_of(hidden, x.shape[-1], bias=False)

    def pyramid_transform(v: Array, weights: Weights) -> Array:
        positions = v if v.ndim == 4 else v[:, None, None, :]
        return transform(pyramid(positions), weights)

    return x * gate(recur(x, pyramid_transform, weights, **recurrence))


def cbam(x: Array, weights: Weights, reduction_ratio: int = 16, kernel_size: int = 7) -> Array:
    """y = x * sigmoid(MLP(GAP x) + MLP(GMP x)); y * sigmoid(BN(w (*) [max y, mean y])); CBAM."""
    mlp = bottleneck_of(x.shape[-1] // reduction_ratio, x.shape[-1])
    mlp_weights = scope(weights, "mlp")
    y = x * gate(mlp(pool(x), mlp_weights) + mlp(x.max(axis=(1, 2)), mlp_weights))
    summary = np.stack([y.max(axis=-1), y.mean(axis=-1)], axis=-1)
    kernel = weights("spatial_convolution/kernel", (kernel_size, kernel_size, 2, 1))
    spatial = batch_norm(conv2d(summary, kernel), scope(weights, "spatial_normalization"))
    return y * sigmoid(spatial)


def sem(x: Array, weights: Weights, reduction_ratio: int = 16) -> Array:
    """x * product over i of sigmoid(s_i * f_i(v)), v = GAP x, s = sigmoid(W v + b); SEM code."""
    v, channels = pool(x), x.shape[-1]
    operators = {
        "bottleneck": bottleneck_of(channels // reduction_ratio, channels),
        "convolution": channel_convolution_of(adaptive_kernel_size(channels)),
        "linear": affine,
    }
    switches = sigmoid(dense(v, 3, scope(weights, "switch")))
    for number, (name, operator) in enumerate(operators.items()):
        x = x * gate(switches[:, number, None] * operator(v, scope(weights, name)))
    return x


def dia(
    x: Array,
    weights: Weights,
    state: State | None = None,
    reduction_ratio: int = 4,
    cells: int = 1,
    output_activation: str = "sigmoid",
) -> tuple[Array, State]:
    """x * h', (h', c') = LSTM(GAP x, h, c) with c' = f c + i g, h' = o sigmoid(c'); DIANet code."""
    v = pool(x)
    zeros = np.zeros_like(v)
    state = state or [(zeros, zeros)] * cells
    activation = {"sigmoid": sigmoid, "tanh": np.tanh}[output_activation]
    new_state = []
    for number, (h, c) in enumerate(state):
        net = _cell_net(v.shape[-1], number, reduction_ratio)
        gates = net(v, scope(weights, f"cell{number}_input"))
        gates = gates + net(h, scope(weights, f"cell{number}_state"))
        i, f, g, o = np.split(gates, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        v = sigmoid(o) * activation(c)
        new_state.append((v, c))
    return x * v[:, None, None, :], new_state


def _cell_net(channels: int, number: int, reduction_ratio: int) -> Callable:
    """The first cell's nets have a reduced hidden layer, those of further cells are plain."""
    if number == 0:
        return bottleneck_of(channels // reduction_ratio, 4 * channels)
    return lambda v, weights: dense(v, 4 * channels, weights)


def recur(
    v: Array,
    transform: Callable[[Array, Weights], Array],
    weights: Weights,
    k: int = 1,
    shared: bool = True,
    normalize_input: bool = False,
    shared_connection: bool = False,
) -> Array:
    """g(BN(... g(v))): k applications of g, BN between them, and before the first if so asked."""
    connections = 0
    for application in range(k):
        if application > 0 or normalize_input:
            number = 0 if shared_connection else connections
            v = batch_norm(v, scope(weights, f"connection{number}"))
            connections += 1
        v = transform(v, scope(weights, f"transform{0 if shared else application}"))
    return v


def scope(weights: Weights, name: str) -> Weights:
    """The weights below this name."""
    return lambda path, shape: weights(f"{name}/{path}", shape)


def affine(v: Array, weights: Weights) -> Array:
    """gamma * v + beta, channel by channel."""
    return weights("gamma", v.shape[-1:]) * v + weights("beta", v.shape[-1:])


def dense(v: Array, units: int, weights: Weights, bias: bool = True) -> Array:
    """W v + b with the kernel of shape (inputs, units)."""
    product = v @ weights("kernel", (v.shape[-1], units))
    return product + weights("bias", (units,)) if bias else product


def bottleneck_of(hidden: int, units: int, bias: bool = True) -> Callable[[Array, Weights], Array]:
    """The two dense layers "reduce" and "expand" with a ReLU between them."""

    def bottleneck(v: Array, weights: Weights) -> Array:
        reduced = relu(dense(v, hidden, scope(weights, "reduce"), bias))
        return dense(reduced, units, scope(weights, "expand"), bias)

    return bottleneck


def channel_convolution_of(size: int) -> Callable[[Array, Weights], Array]:
    """out[c] = sum over j of w[j] * v[c + j - (size - 1) / 2], zeros outside."""

    def channel_convolution(v: Array, weights: Weights) -> Array:
        kernel = weights("convolution/kernel", (size, 1, 1))[:, 0, 0]
        padded = np.pad(v, ((0, 0), (size // 2, size // 2)))
        return sum(kernel[j] * padded[:, j : j + v.shape[-1]] for j in range(size))

    return channel_convolution


def adaptive_kernel_size(channels: int) -> int:
    """ECA's size: t = int(|log2 C + 1| / 2), t if it is odd, else t + 1."""
    size = int(abs((math.log2(channels) + 1) / 2))
    return size if size % 2 else size + 1


def pyramid(x: Array) -> Array:
    """The 1x1, 2x2 and 4x4 adaptive means, each flattened channel by channel, one after another."""
    levels = [adaptive_mean(x, size).transpose(0, 3, 1, 2) for size in (1, 2, 4)]
    return np.concatenate([level.reshape(len(x), -1) for level in levels], axis=-1)


def adaptive_mean(x: Array, size: int) -> Array:
    """Means over size x size bins that reach from floor(i n / size) to ceil((i + 1) n / size)."""

    def bins(length: int) -> list[slice]:
        return [slice(i * length // size, -(-(i + 1) * length // size)) for i in range(size)]

    _, height, width, _ = x.shape
    rows = [[x[:, b, a].mean(axis=(1, 2)) for a in bins(width)] for b in bins(height)]
    return np.stack([np.stack(row, axis=1) for row in rows], axis=1)


def conv2d(x: Array, kernel: Array, stride: int = 1, groups: int = 1) -> Array:
    """Cross-correlation with (size - 1) / 2 zeros on every side, whatever the stride."""
    height, width = kernel.shape[:2]
    padded = np.pad(x, ((0, 0), (height // 2,) * 2, (width // 2,) * 2, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(1, 2))
    windows = windows[:, ::stride, ::stride]  # images, rows, columns, channels, height, width
    parts = zip(np.split(windows, groups, 3), np.split(kernel, groups, 3), strict=True)
    return np.concatenate([np.einsum("nrcihw,hwio->nrco", *p, optimize=True) for p in parts], -1)


def depthwise_conv2d(x: Array, kernel: Array, stride: int = 1) -> Array:
    """As `conv2d`, each channel with its own 3x3 kernel of (3, 3, channels, 1)."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return np.einsum("nrcihw,hwi->nrci", windows[:, ::stride, ::stride], kernel[..., 0])


def batch_norm(x: Array, weights: Weights) -> Array:
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta."""
    names = ("gamma", "beta", "moving_mean", "moving_variance")
    gamma, beta, mean, variance = (weights(name, x.shape[-1:]) for name in names)
    return gamma * (x - mean) / np.sqrt(variance + EPSILON) + beta


def pool(x: Array) -> Array:
    """The mean over all positions."""
    return x.mean(axis=(1, 2))


def gate(v: Array) -> Array:
    """sigmoid(v), one factor per image and channel, ready to scale a map."""
    return sigmoid(v)[:, None, None, :]


def sigmoid(v: Array) -> Array:
    """1 / (1 + exp(-v))."""
    return 1 / (1 + np.exp(-v))


def relu(v: Array) -> Array:
    """max(v, 0)."""
    return np.maximum(v, 0)
