"""The bottleneck ResNet in PyTorch, for comparison: the same function with the same weights.

Only this module and `versus_pytorch` import torch, which the extra `peers` brings.
"""

from collections.abc import Sequence

import keras
import torch
from torch import nn

from ras_keras.layers.parts.batch_normalization import EPSILON
from ras_keras.models.resnet import EXPANSION, STAGE_FILTERS, blocks
from ras_keras.pixels import CIFAR10_MEAN, CIFAR10_VARIANCE


class Resnet(nn.Module):
    """The twin of `ras_keras.models.ResNet`, plain or with `RecurrentAttention`.

    Args:
        depth: 9n + 2.
        classes: of the classifier.
        attention: whether each branch ends in recurrent attention.
        k: of the attention.
        normalize_input: of the attention.

    Input shape: (N, 3, H, W), raw pixels, 0..255.

    Output shape: (N, classes), logits.
    """

    def __init__(self, depth: int, classes: int, attention: bool, k: int, normalize_input: bool):
        super().__init__()
        self.register_buffer("mean", _channels(CIFAR10_MEAN))
        self.register_buffer("deviation", _channels(CIFAR10_VARIANCE).sqrt())
        width = STAGE_FILTERS[0] // EXPANSION
        self.stem = Unit(3, width, 3)
        self.stages = nn.ModuleList()
        for stage, filters in enumerate(STAGE_FILTERS):
            stack = nn.Sequential()
            for index in range(blocks(depth)):
                plug = Attention(filters, k, normalize_input) if attention else None
                strides = 2 if stage > 0 and index == 0 else 1
                stack.append(Block(width, filters, strides, plug))
                width = filters
            self.stages.append(stack)
        self.predictions = nn.Linear(width, classes)

    def forward(self, pixels):
        # In place, as is usual in PyTorch and faster.
        x = torch.relu_(self.stem((pixels - self.mean) / self.deviation))
        for stage in self.stages:
            x = stage(x)
        return self.predictions(x.mean((2, 3)))


class Unit(nn.Module):
    """A convolution without bias, padded evenly, and a batch normalization."""

    def __init__(self, inputs: int, filters: int, size: int, strides: int = 1):
        super().__init__()
        self.convolution = nn.Conv2d(inputs, filters, size, strides, size // 2, bias=False)
        self.normalization = nn.BatchNorm2d(filters, EPSILON)

    def forward(self, x):
        return self.normalization(self.convolution(x))


class Block(nn.Module):
    """Three units, the attention if there is one, and the shortcut."""

    def __init__(self, inputs: int, filters: int, strides: int, attention: nn.Module | None):
        super().__init__()
        width = filters // EXPANSION
        self.units = nn.ModuleList(
            [Unit(inputs, width, 1), Unit(width, width, 3, strides), Unit(width, filters, 1)]
        )
        self.attention = attention
        fits = inputs == filters and strides == 1
        self.shortcut = None if fits else Unit(inputs, filters, 1, strides)

    def forward(self, x):
        y = torch.relu_(self.units[0](x))
        y = torch.relu_(self.units[1](y))
        y = self.units[2](y)
        if self.attention is not None:
            y = self.attention(y)
        y += x if self.shortcut is None else self.shortcut(x)
        return torch.relu_(y)


class Attention(nn.Module):
    """The twin of `ras_keras.layers.RecurrentAttention`."""

    def __init__(self, channels: int, k: int, normalize_input: bool):
        super().__init__()
        self.normalize_input = normalize_input
        self.k = k
        self.gamma = nn.Parameter(torch.zeros(channels))
        self.beta = nn.Parameter(torch.full((channels,), -1.0))
        self.connections = nn.ModuleList(
            nn.BatchNorm1d(channels, EPSILON) for _ in range(k if normalize_input else k - 1)
        )

    def forward(self, x):
        v = x.mean((2, 3))
        for application in range(self.k):
            place = application if self.normalize_input else application - 1
            if place >= 0:
                v = self.connections[place](v)
            v = v * self.gamma + self.beta
        return x * torch.sigmoid(v)[:, :, None, None]


def copy_weights(model: keras.Model, network: Resnet) -> None:
    """Gives the PyTorch network the weights and moving statistics of the Keras one.

    Args:
        model: of `ras_keras.models.ResNet` with the same depth, classes and attention.
        network: its twin.
    """
    _copy_unit(model, "stem", network.stem)
    for stage, stack in enumerate(network.stages, start=1):
        for index, block in enumerate(stack, start=1):
            name = f"stage{stage}_block{index}"
            for number, unit in enumerate(block.units, start=1):
                _copy_unit(model, f"{name}_{number}", unit)
            if block.shortcut is not None:
                _copy_unit(model, f"{name}_shortcut", block.shortcut)
            if block.attention is not None:
                _copy_attention(model.get_layer(f"{name}_attention"), block.attention)
    dense = model.get_layer("predictions")
    _assign(network.predictions.weight, dense.kernel, (1, 0))
    _assign(network.predictions.bias, dense.bias)


def _copy_unit(model, name, unit):
    # Keras keeps kernels as (H, W, inputs, filters), PyTorch as (filters, inputs, H, W).
    _assign(unit.convolution.weight, model.get_layer(f"{name}_conv").kernel, (3, 2, 0, 1))
    _copy_normalization(model.get_layer(f"{name}_bn"), unit.normalization)


def _copy_attention(layer, attention):
    _assign(attention.gamma, layer.gamma)
    _assign(attention.beta, layer.beta)
    for connection, normalization in zip(layer.connections, attention.connections, strict=True):
        _copy_normalization(connection, normalization)


def _copy_normalization(layer, normalization):
    _assign(normalization.weight, layer.gamma)
    _assign(normalization.bias, layer.beta)
    _assign(normalization.running_mean, layer.moving_mean)
    _assign(normalization.running_var, layer.moving_variance)


def _assign(tensor: torch.Tensor, variable, order: Sequence[int] | None = None):
    value = torch.from_numpy(keras.ops.convert_to_numpy(variable).copy())
    value = value if order is None else value.permute(*order)
    if value.shape != tensor.shape:
        raise ValueError(
            f"{variable.path} has the shape {tuple(value.shape)} where the PyTorch network has "
            f"{tuple(tensor.shape)}."
        )
    with torch.no_grad():
        tensor.copy_(value)


def _channels(values):
    return torch.tensor(values, dtype=torch.float32).reshape(1, -1, 1, 1)
