"""Bottleneck ResNets in PyTorch, for comparison, under the names of the released checkpoints.

It needs torch, which the extra `peers` brings.
"""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.functional import avg_pool2d

from ras_keras.layers.parts.batch_normalization import EPSILON
from ras_keras.models.resnet import EXPANSION


class Resnet(nn.Module):
    """The twin of `ras_keras.models.ResNet`, or of `ImageNetResNet`.

    Args:
        widths: channels of a block's first two convolutions, stage by stage.
        blocks: how many each stage has.
        classes: of the classifier.
        large: whether the stem is ImageNet's, 7x7 at stride 2 and a max pooling.
        mean: of each channel, in pixel units.
        variance: of each channel, in squared pixel units.
        state: channels of the aggregation's state, 0 for none.
        attention: k and normalize_input of recurrent attention, None for none.

    Input shape: (N, 3, H, W), raw pixels, 0..255.

    Output shape: (N, classes), logits.
    """

    def __init__(
        self,
        widths: Sequence[int],
        blocks: Sequence[int],
        classes: int,
        *,
        large: bool,
        mean: Sequence[float],
        variance: Sequence[float],
        state: int = 0,
        attention: tuple[int, bool] | None = None,
    ):
        super().__init__()
        self.register_buffer("mean", _channels(mean), persistent=False)
        self.register_buffer("deviation", _channels(variance).sqrt(), persistent=False)
        inputs = widths[0]
        self.conv1 = _convolution(3, inputs, 7 if large else 3, 2 if large else 1)
        self.bn1 = nn.BatchNorm2d(inputs, EPSILON)
        self.pooling = nn.MaxPool2d(3, 2, 1) if large else nn.Identity()
        # A list of its own, which gives the stages no names.
        self.in_turn: list[nn.ModuleList] = []
        for stage, (width, count) in enumerate(zip(widths, blocks, strict=True)):
            self.in_turn.append(nn.ModuleList())
            for index in range(count):
                strides = 2 if stage > 0 and index == 0 else 1
                self.in_turn[-1].append(Block(inputs, width, strides, state, attention))
                inputs = EXPANSION * width
        self.state = state
        if state:
            self.stages = nn.ModuleList(self.in_turn)
            self.stage_bns = nn.ModuleList(
                nn.ModuleList(nn.BatchNorm2d(state, EPSILON) for _ in range(count))
                for count in blocks
            )
            self.conv_outs = nn.ModuleList(
                _convolution(EXPANSION * width, state, 1) for width in widths
            )
            self.recurrent_convs = nn.ModuleList(_convolution(state, state, 3) for _ in widths)
            self.bn2 = nn.BatchNorm2d(state, EPSILON)
        else:
            for number, stage in enumerate(self.in_turn, 1):
                self.add_module(f"layer{number}", stage)
        self.fc = nn.Linear(inputs + state, classes)

    def forward(self, pixels):
        # In place, as is usual in PyTorch and faster.
        x = torch.relu_(self.bn1(self.conv1((pixels - self.mean) / self.deviation)))
        x = self.pooling(x)
        x = self._aggregated(x) if self.state else self._plain(x)
        return self.fc(x.mean((2, 3)))

    def _plain(self, x):
        for blocks in self.in_turn:
            for block in blocks:
                x = block(x)
        return x

    def _aggregated(self, x):
        h = x.new_zeros((len(x), self.state, *x.shape[2:]))
        parts = zip(self.in_turn, self.stage_bns, self.conv_outs, self.recurrent_convs, strict=True)
        for blocks, normalizations, out, recurrent in parts:
            for block, normalization in zip(blocks, normalizations, strict=True):
                x = block(torch.cat((x, h), 1), x)
                if h.shape[2:] != x.shape[2:]:
                    h = avg_pool2d(h, 2, ceil_mode=True, count_include_pad=False)
                h = recurrent(torch.tanh(normalization(h + out(x))))
        return torch.cat((x, torch.relu_(self.bn2(h))), 1)


class Block(nn.Module):
    """Three convolutions, the attention if there is one, and the shortcut."""

    def __init__(
        self,
        inputs: int,
        width: int,
        strides: int,
        state: int,
        attention: tuple[int, bool] | None,
    ):
        super().__init__()
        outputs = EXPANSION * width
        self.conv1 = _convolution(inputs + state, width, 1)
        self.bn1 = nn.BatchNorm2d(width, EPSILON)
        self.conv2 = _convolution(width, width, 3, strides)
        self.bn2 = nn.BatchNorm2d(width, EPSILON)
        self.conv3 = _convolution(width, outputs, 1)
        self.bn3 = nn.BatchNorm2d(outputs, EPSILON)
        self.k, self.normalize_input = attention or (0, False)
        if self.k:
            self.w = nn.Parameter(torch.zeros(outputs))
            self.b = nn.Parameter(torch.full((outputs,), -1.0))
            for place in range(self.k if self.normalize_input else self.k - 1):
                self.add_module(f"bn{4 + place}", nn.BatchNorm1d(outputs, EPSILON))
        self.downsample = None
        if inputs != outputs or strides > 1:
            self.downsample = nn.Sequential(
                _convolution(inputs, outputs, 1, strides), nn.BatchNorm2d(outputs, EPSILON)
            )

    def forward(self, x, shortcut=None):
        """The block's output; `shortcut` is what the shortcut takes in place of `x`."""
        y = torch.relu_(self.bn1(self.conv1(x)))
        y = torch.relu_(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        if self.k:
            y = y * self._gate(y)
        shortcut = x if shortcut is None else shortcut
        y += shortcut if self.downsample is None else self.downsample(shortcut)
        return torch.relu_(y)

    def _gate(self, y):
        """Recurrent attention, the twin of `ras_keras.layers.RecurrentAttention`."""
        # In float32, as ours, whatever the maps are in.
        v = y.mean((2, 3), dtype=torch.float32)
        for application in range(self.k):
            place = application if self.normalize_input else application - 1
            if place >= 0:
                v = getattr(self, f"bn{4 + place}")(v)
            v = v * self.w + self.b
        return torch.sigmoid(v)[:, :, None, None].to(y.dtype)


def _convolution(inputs: int, filters: int, size: int, strides: int = 1) -> nn.Conv2d:
    """Without bias, padded evenly."""
    return nn.Conv2d(inputs, filters, size, strides, size // 2, bias=False)


def _channels(values: Sequence[float]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32).reshape(1, -1, 1, 1)
